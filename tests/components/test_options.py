"""Wrong options fail at once, with one message that helps."""

from __future__ import annotations

import copy
import functools
import re
import warnings

import pytest
import rasa.model_training
import rasa.shared.utils.io
from data_factory import (
    END_TO_END_STORIES,
    OUR_DIET,
    OUR_TED,
    STORIES,
    TINY_DIET,
    TINY_TED,
    USER_TEXT_STORIES,
    bot_config,
    complete_config,
    create,
    load_diet,
    train_diet,
    write_bot,
    write_nlu_bot,
)
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.graph_components.validators.default_recipe_validator import (
    DefaultV1RecipeValidator,
)
from rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer import (
    CountVectorsFeaturizer,
)
from rasa.shared.core.training_data.story_reader.yaml_story_reader import (
    YAMLStoryReader,
)
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.importers.importer import TrainingDataImporter

import rasa_randconn
from rasa_randconn import (
    RandConnDIETClassifier,
    RandConnTEDPolicy,
    RandConnUnexpecTEDIntentPolicy,
)
from rasa_randconn.components.options import check_user_config
from rasa_randconn.components.registration import attributes_with_texts
from rasa_randconn.options import meant_option

pytestmark = pytest.mark.slow

OUR_UNLIKELY_INTENTS = "rasa_randconn.RandConnUnexpecTEDIntentPolicy"
COMPONENTS = {OUR_DIET: RandConnDIETClassifier, OUR_TED: RandConnTEDPolicy}
TINY = {OUR_DIET: TINY_DIET, OUR_TED: TINY_TED}
both = pytest.mark.parametrize("name", [OUR_DIET, OUR_TED])


def _schema(name, options):
    """The training graph of a bot whose configuration sets these options."""
    config = bot_config(
        pipeline=[
            {"name": "WhitespaceTokenizer"},
            {"name": "CountVectorsFeaturizer"},
        ],
        policies=[{"name": "MemoizationPolicy"}],
    )
    target = "pipeline" if name == OUR_DIET else "policies"
    config[target].append({"name": name, **TINY[name], **options})
    recipe = DefaultV1Recipe()
    return recipe.graph_config_for_recipe(copy.deepcopy(config), {}).train_schema


def _validate(name, options):
    """What the first node of every training does with the configuration."""
    DefaultV1RecipeValidator(_schema(name, options))


def _warnings_of(name, options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _validate(name, options)
    return [w for w in caught if "rasa" in w.filename]


VALUES = {
    "negative density": ({"connection_density": -0.1}, ["connection_density", "-0.1"]),
    "density above 1": ({"connection_density": 1.5}, ["connection_density", "1.5"]),
    "NaN": ({"connection_density": float("nan")}, ["connection_density", "nan"]),
    "infinity": ({"connection_density": float("inf")}, ["connection_density", "inf"]),
    "no density": ({"connection_density": None}, ["connection_density", "None"]),
    "word": ({"connection_density": "dense"}, ["connection_density", "'dense'"]),
    "number in quotes": (
        {"connection_density": "0.2"},
        ["connection_density", "'0.2'"],
    ),
    "truth value": ({"connection_density": True}, ["connection_density", "True"]),
    "list": ({"connection_density": [0.2]}, ["connection_density", "[0.2]"]),
    "unknown kind": (
        {"connection_density": {"atention": 0.1}},
        ["connection_density", "'atention'", "attention"],
    ),
    "kind that is a number": ({"connection_density": {1: 0.1}}, ["'1'"]),
    "wrong value of a kind": (
        {"connection_density": {"attention": 0.1, "feed_forward": 2}},
        ["connection_density.feed_forward", "2"],
    ),
    "unknown pattern": (
        {"connection_pattern": "striped"},
        ["connection_pattern", "'striped'", "grouped", "unstructured"],
    ),
    "pattern that is no word": ({"connection_pattern": 3}, ["connection_pattern", "3"]),
    "pattern that is a list": (
        {"connection_pattern": ["grouped"]},
        ["connection_pattern", "['grouped']"],
    ),
    "no truth value": (
        {"save_optimizer_state": "yes"},
        ["save_optimizer_state", "'yes'", "true"],
    ),
    "no truth value for the precision": (
        {"save_half_precision": 1},
        ["save_half_precision", "1", "true"],
    ),
    "averaged epochs out of range": (
        {"averaged_epochs": 1.5},
        ["averaged_epochs", "1.5", "between 0 and 1"],
    ),
    "averaged epochs in words": (
        {"averaged_epochs": "half"},
        ["averaged_epochs", "'half'", "between 0 and 1"],
    ),
    "wrong sparsity": ({"weight_sparsity": 1.2}, ["weight_sparsity", "1.2"]),
    "sparsity that is a word": ({"weight_sparsity": "x"}, ["weight_sparsity", "'x'"]),
    "units not divisible by heads": (
        {"number_of_attention_heads": 5},
        ["transformer_size", "number_of_attention_heads", "16", "5"],
    ),
    "no heads": (
        {"number_of_attention_heads": 0},
        ["number_of_attention_heads", "0"],
    ),
    "heads in quotes": (
        {"number_of_attention_heads": "4"},
        ["number_of_attention_heads", "'4'", "whole number"],
    ),
    "heads that are no number": (
        {"number_of_attention_heads": None},
        ["number_of_attention_heads", "None", "whole number"],
    ),
}
SIZES_OF_TED = {"text": 16, "action_text": 16, "dialogue": 15}
each_value = pytest.mark.parametrize("case", VALUES)


@both
@each_value
def test_a_wrong_value_is_refused_before_the_training(name, case):
    options, fragments = VALUES[case]
    with pytest.raises(InvalidConfigException) as caught:
        _validate(name, options)
    message = str(caught.value)
    assert all(fragment in message for fragment in fragments), message
    assert COMPONENTS[name].__name__ in message
    assert "\n" not in message


@both
@each_value
def test_a_component_cannot_be_created_with_a_wrong_value(name, case, tmp_path):
    options, fragments = VALUES[case]
    with pytest.raises(InvalidConfigException) as caught:
        create(COMPONENTS[name], {**TINY[name], **options}, tmp_path)
    assert all(fragment in str(caught.value) for fragment in fragments)


@both
def test_the_old_name_of_the_density_cannot_stand_beside_the_new(name):
    with pytest.raises(InvalidConfigException) as caught:
        _validate(name, {"weight_sparsity": 0.8, "connection_density": 0.2})
    assert "weight_sparsity" in str(caught.value)
    assert "connection_density" in str(caught.value)


def test_sizes_per_attribute_are_checked(tmp_path):
    options = {"transformer_size": SIZES_OF_TED}
    with pytest.raises(InvalidConfigException, match=r"transformer_size.dialogue.* 15"):
        _validate(OUR_TED, options)
    with pytest.raises(InvalidConfigException, match=r"transformer_size.dialogue.* 15"):
        create(RandConnTEDPolicy, {**TINY_TED, **options}, tmp_path)


def test_sizes_are_checked_against_the_layers_that_rasa_adds_to_those_written():
    """Rasa merges the mappings of a configuration with those of the defaults."""
    options = {"transformer_size": {"dialogue": 15}}
    options["number_of_transformer_layers"] = {"text": 0}
    merged = complete_config(RandConnTEDPolicy, options)
    assert merged["number_of_transformer_layers"]["dialogue"] == 1
    with pytest.raises(InvalidConfigException, match=r"transformer_size.dialogue"):
        _validate(OUR_TED, options)


@pytest.mark.parametrize("size", ["16", 16.0, True])
def test_a_size_that_is_no_whole_number_is_refused(size):
    with pytest.raises(InvalidConfigException, match=r"transformer_size.*whole number"):
        _validate(OUR_DIET, {"transformer_size": size})
    options = {"transformer_size": {"text": 16, "dialogue": size}}
    with pytest.raises(InvalidConfigException, match=r"size\.dialogue.*whole number"):
        _validate(OUR_TED, options)


@pytest.mark.parametrize("size, is_allowed", [(192, True), (190, False)])
def test_a_classifier_may_have_its_size_by_attribute(size, is_allowed):
    options = {"transformer_size": {"text": size}, "number_of_attention_heads": 6}
    if is_allowed:
        return _validate(OUR_DIET, options)
    with pytest.raises(InvalidConfigException, match=r"transformer_size\.text"):
        _validate(OUR_DIET, options)


def test_an_empty_list_in_the_place_of_a_mapping_changes_nothing_as_in_stock():
    _validate(OUR_DIET, {"hidden_layers_sizes": []})
    _validate(OUR_TED, {"hidden_layers_sizes": []})


def test_a_number_in_the_place_of_a_mapping_is_refused():
    with pytest.raises(InvalidConfigException, match=r"transformer_size.*mapping.*128"):
        _validate(OUR_TED, {"transformer_size": 128})


def test_sizes_of_encoders_of_texts_matter_only_if_written():
    """Stock has these encoders only where the dialogues have texts."""
    options = {"number_of_attention_heads": 5, "transformer_size": {"dialogue": 100}}
    config = {key: TINY_TED[key] for key in ("epochs", "max_history")}
    for component in (RandConnTEDPolicy, RandConnUnexpecTEDIntentPolicy):
        check_user_config(component, {**config, **options})
        options["transformer_size"]["text"] = 128
        with pytest.raises(InvalidConfigException, match=r"transformer_size\.text"):
            check_user_config(component, {**config, **options})
        del options["transformer_size"]["text"]


@pytest.mark.parametrize("policy", [OUR_TED, OUR_UNLIKELY_INTENTS])
@pytest.mark.parametrize("stories", [STORIES, USER_TEXT_STORIES])
def test_sizes_of_encoders_of_texts_matter_if_stories_have_texts(
    policy, stories, tmp_path
):
    options = {"number_of_attention_heads": 5, "transformer_size": {"dialogue": 100}}
    bot = write_bot(tmp_path, ted=policy, ted_options=options, stories=stories)
    importer = TrainingDataImporter.load_from_config(
        str(bot / "config.yml"), str(bot / "domain.yml"), [str(bot / "data")]
    )
    graph = DefaultV1Recipe().graph_config_for_recipe(importer.get_config(), {})
    validator = DefaultV1RecipeValidator(graph.train_schema)
    if policy == OUR_TED and stories == USER_TEXT_STORIES:
        with pytest.raises(InvalidConfigException, match=r"transformer_size\.text"):
            validator.validate(importer)
    else:
        validator.validate(importer)


def test_texts_of_the_bot_have_two_encoders(talk):
    steps = YAMLStoryReader(talk.domain).read_from_string(END_TO_END_STORIES)
    attributes = attributes_with_texts(StoryGraph(steps))
    assert attributes == ["text", "action_text", "label_action_text"]


def test_sizes_do_not_matter_without_encoder():
    _validate(OUR_DIET, {"number_of_transformer_layers": 0, "transformer_size": 15})
    sizes = {"text": 16, "action_text": 15, "dialogue": 16}
    layers = {"text": 1, "action_text": 0, "dialogue": 1}
    _validate(
        OUR_TED, {"transformer_size": sizes, "number_of_transformer_layers": layers}
    )


VALID = [
    {"connection_density": 0},
    {"connection_density": 1},
    {"connection_density": 0.05, "connection_pattern": "unstructured"},
    {"connection_density": {"attention": 0.5}},
    {"connection_density": {}},
    {"save_optimizer_state": True},
    {"save_half_precision": True},
    {"averaged_epochs": 0},
    {"averaged_epochs": 1.0},
    {"scale_learning_rate": False},
]


@both
@pytest.mark.parametrize("options", VALID)
def test_allowed_values_raise_and_warn_of_nothing(name, options, tmp_path):
    assert [str(w.message) for w in _warnings_of(name, options)] == []
    create(COMPONENTS[name], {**TINY[name], **options}, tmp_path)


def test_a_featurizer_of_the_policy_is_an_option_of_rasa():
    options = {
        "featurizer": [
            {
                "name": "FullDialogueTrackerFeaturizer",
                "state_featurizer": [{"name": "SingleStateFeaturizer"}],
            }
        ]
    }
    assert [str(w.message) for w in _warnings_of(OUR_TED, options)] == []


def test_max_history_is_an_option_of_every_policy():
    """Rasa's policy for unlikely intents reads it, but has no default for it."""
    for policy in (RandConnTEDPolicy, RandConnUnexpecTEDIntentPolicy):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_user_config(policy, {"max_history": 5})


@both
@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("conection_density", "connection_density"),
        ("connection_densities", "connection_density"),
        ("connection_patern", "connection_pattern"),
        ("weight_sparcity", "weight_sparsity"),
        ("save_optimiser_state", "save_optimizer_state"),
        ("averaged_epoch", "averaged_epochs"),
        ("scale_learning_rates", "scale_learning_rate"),
    ],
)
def test_a_misspelt_option_of_ours_is_refused(name, key, meant):
    with pytest.raises(InvalidConfigException) as caught:
        _validate(name, {key: 0.375})
    message = str(caught.value)
    assert f"'{key}'" in message
    assert "0.375" in message
    assert f"'{meant}'" in message


@both
@pytest.mark.parametrize(
    ("key", "hint"),
    [("epoch", "'epochs'"), ("learnin_rate", "'learning_rate'"), ("flavour", None)],
)
def test_other_unknown_keys_are_only_warned_of(name, key, hint):
    (warning,) = _warnings_of(name, {key: 3})
    message = str(warning.message)
    assert f"'{key}'" in message
    assert COMPONENTS[name].__name__ in message
    assert (hint in message) if hint else ("Did you mean" not in message)


@both
def test_the_old_name_of_the_density_still_works(name, tmp_path):
    (warning,) = _warnings_of(name, {"weight_sparsity": 0.75})
    assert warning.category is FutureWarning
    assert "weight_sparsity" in str(warning.message)
    assert "connection_density: 0.25" in str(warning.message)
    assert re.findall(r"removed in .*? \d+\.\d+", str(warning.message)) == [
        "removed in rasa_randconn 2.0"
    ]

    component = create(
        COMPONENTS[name], {**TINY[name], "weight_sparsity": 0.75}, tmp_path
    )
    config = component.component_config if name == OUR_DIET else component.config
    assert config["connection_density"] == 0.25


@pytest.mark.parametrize(
    "options",
    [
        {"weight_sparsity": 0.5},
        {"connection_density": {"attention": 0.5}},
    ],
    ids=["weight_sparsity", "mapping"],
)
def test_densities_written_in_another_form_survive_loading(
    options, featurizers, tmp_path
):
    options = {**options, "entity_recognition": False}
    trained = train_diet(
        RandConnDIETClassifier, options, tmp_path, featurizers.training_data
    )
    loaded = load_diet(RandConnDIETClassifier, options, tmp_path)
    expected = trained.model.parameters.layers
    assert set(loaded.model.parameters.layers) == set(expected)
    for path, layer in loaded.model.parameters.layers.items():
        assert layer.connectivity.count == expected[path].connectivity.count
        assert layer.density == expected[path].density


def _remembered(train, names):
    @functools.wraps(train)
    def remember(self, *args, **kwargs):
        names.append(type(self).__name__)
        return train(self, *args, **kwargs)

    return remember


class TestTraining:
    """The same through Rasa's own training."""

    @pytest.fixture
    def trained(self, monkeypatch):
        """The components that were trained."""
        names = []
        for component in (CountVectorsFeaturizer, *COMPONENTS.values()):
            monkeypatch.setattr(component, "train", _remembered(component.train, names))
        return names

    @pytest.mark.parametrize(
        "options",
        [
            {"connection_density": float("nan")},
            {"connection_pattern": "striped"},
            {"conection_density": 0.3},
            {"weight_sparsity": 0.8, "connection_density": 0.2},
            {"transformer_size": 18, "number_of_attention_heads": 4},
        ],
        ids=lambda options: next(iter(options)),
    )
    def test_of_nlu_ends_before_anything_is_trained_or_written(
        self, options, trained, tmp_path
    ):
        bot = write_nlu_bot(
            tmp_path / "bot", {"name": OUR_DIET, **TINY_DIET, **options}
        )
        config = (bot / "config.yml").read_bytes()
        with pytest.raises(InvalidConfigException, match=next(iter(options))):
            rasa.model_training.train_nlu(
                str(bot / "config.yml"), str(bot / "nlu.yml"), str(bot / "models")
            )
        assert trained == []
        assert not (bot / "models").exists()
        assert (bot / "config.yml").read_bytes() == config

    def test_of_a_bot_ends_before_its_classifier_is_trained(self, trained, tmp_path):
        bot = write_bot(tmp_path / "bot", ted_options={"connection_density": 7})
        config = (bot / "config.yml").read_bytes()
        with pytest.raises(InvalidConfigException, match=r"RandConnTEDPolicy.* 7"):
            rasa.train(
                str(bot / "domain.yml"),
                str(bot / "config.yml"),
                [str(bot / "data")],
                output=str(bot / "models"),
            )
        assert trained == []
        assert not (bot / "models").exists()
        assert (bot / "config.yml").read_bytes() == config

    def test_goes_on_with_unknown_keys(self, trained, tmp_path):
        options = {"entity_recognition": False, "flavour": "sweet", "batch_sise": 4}
        bot = write_nlu_bot(
            tmp_path / "bot", {"name": OUR_DIET, **TINY_DIET, **options}
        )
        with pytest.warns(UserWarning) as caught:
            archive = rasa.model_training.train_nlu(
                str(bot / "config.yml"), str(bot / "nlu.yml"), str(bot / "models")
            )
        messages = "\n".join(str(warning.message) for warning in caught)
        assert "'flavour'" in messages
        assert "Did you mean 'batch_size'?" in messages
        assert "RandConnDIETClassifier" in trained
        assert archive


@pytest.mark.parametrize("name", rasa_randconn.COMPONENTS)
def test_no_option_of_stock_looks_like_a_misspelt_one_of_ours(name):
    component = getattr(rasa_randconn, name)
    names = {*component.get_default_config(), "max_history", "name", "featurizer"}
    assert not [name for name in names if meant_option(name)]
