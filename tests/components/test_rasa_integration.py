"""Places where Rasa 3.6 decides by class, name or signature, each beside stock."""

from __future__ import annotations

import asyncio
import inspect
import re
import typing
import warnings
from pathlib import Path

import pytest
import rasa.model_training
import rasa.nlu.test
from data_factory import (
    NLU,
    OUR_DIET,
    OUR_TED,
    TINY_DIET,
    complete_config,
    eagerly,
    without_our_names,
    write_bot,
    write_nlu_bot,
)
from rasa.core.agent import load_agent
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.training.fingerprinting import calculate_fingerprint_key
from rasa.graph_components.validators.default_recipe_validator import (
    DefaultV1RecipeValidator,
)
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.shared.importers.importer import TrainingDataImporter

from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy
from rasa_randconn.components import randomly_connected_component as component_module
from rasa_randconn.storage import FORMAT_VERSION
from rasa_randconn.version import __version__

pytestmark = pytest.mark.slow

PAIRS = [(RandConnDIETClassifier, DIETClassifier), (RandConnTEDPolicy, TEDPolicy)]
pairs = pytest.mark.parametrize(("ours", "stock"), PAIRS, ids=["diet", "ted"])


class TestWarningsOfTheRecipeValidator:
    """It compares exact classes."""

    def _warnings(self, folder, diet, ted):
        bot = write_bot(folder, diet, ted)
        importer = TrainingDataImporter.load_from_config(
            str(bot / "config.yml"), str(bot / "domain.yml"), [str(bot / "data")]
        )
        config = importer.get_config()
        schema = DefaultV1Recipe().graph_config_for_recipe(config, {}).train_schema
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            DefaultV1RecipeValidator(schema).validate(importer)
        return {
            without_our_names(str(w.message))
            for w in caught
            if w.category is UserWarning
        }

    def test_there_are_none_but_those_of_stock(self, tmp_path):
        ours = self._warnings(tmp_path / "ours", OUR_DIET, OUR_TED)
        stock = self._warnings(tmp_path / "stock", "DIETClassifier", "TEDPolicy")
        assert ours == stock

    def test_there_were_three_without_our_registration(self, tmp_path, monkeypatch):
        original = DefaultV1RecipeValidator.__init__.__wrapped__
        monkeypatch.setattr(DefaultV1RecipeValidator, "__init__", original)
        ours = self._warnings(tmp_path / "ours", OUR_DIET, OUR_TED)
        stock = self._warnings(tmp_path / "stock", "DIETClassifier", "TEDPolicy")
        assert len(ours - stock) == 3
        text = " ".join(ours - stock)
        assert "does not include an entity extractor" in text
        assert "roles/groups" in text
        assert "lookup table" in text


class TestEvaluation:
    """`rasa test` goes by names (see also `test_whole_bots.py`)."""

    def test_our_extractor_is_one_with_confidences(self):
        assert "RandConnDIETClassifier" in rasa.nlu.test.EXTRACTORS_WITH_CONFIDENCES
        assert "DIETClassifier" in rasa.nlu.test.EXTRACTORS_WITH_CONFIDENCES


class TestRegistry:
    """The registry is keyed by bare class names."""

    @pytest.mark.parametrize(
        ("name", "component"),
        [
            ("RandConnDIETClassifier", RandConnDIETClassifier),
            (OUR_DIET, RandConnDIETClassifier),
            (
                "rasa_randconn.components.diet_classifier.RandConnDIETClassifier",
                RandConnDIETClassifier,
            ),
            ("RandConnTEDPolicy", RandConnTEDPolicy),
            (OUR_TED, RandConnTEDPolicy),
            (
                "rasa_randconn.components.ted_policy.RandConnTEDPolicy",
                RandConnTEDPolicy,
            ),
            ("DIETClassifier", DIETClassifier),
            ("rasa.nlu.classifiers.diet_classifier.DIETClassifier", DIETClassifier),
            ("TEDPolicy", TEDPolicy),
            ("rasa.core.policies.ted_policy.TEDPolicy", TEDPolicy),
        ],
    )
    def test_every_name_is_its_own_class(self, name, component):
        assert DefaultV1Recipe._from_registry(name).clazz is component

    @pairs
    def test_our_component_plays_the_parts_of_stock(self, ours, stock):
        found = DefaultV1Recipe._from_registry(ours.__name__)
        expected = DefaultV1Recipe._from_registry(stock.__name__)
        assert found.types == expected.types
        assert found.is_trainable == expected.is_trainable
        assert found.model_from == expected.model_from


class TestFingerprint:
    """Without our addition, an upgrade would restore a model from Rasa's cache."""

    @pairs
    def test_names_version_and_format(self, ours, stock):
        addon = ours.fingerprint_addon({})
        assert __version__ in addon
        assert f"format {FORMAT_VERSION}" in addon

    @pairs
    @pytest.mark.parametrize(
        ("constant", "value"), [("__version__", "99.0"), ("FORMAT_VERSION", 99)]
    )
    def test_changes_with_version_and_format(
        self, ours, stock, constant, value, monkeypatch
    ):
        config = complete_config(ours, {"epochs": 1})

        def keys():
            return [calculate_fingerprint_key(c, config, {}) for c in (ours, stock)]

        before, before_of_stock = keys()
        assert keys() == [before, before_of_stock]
        monkeypatch.setattr(component_module, constant, value)
        after, after_of_stock = keys()
        assert after != before
        assert after_of_stock == before_of_stock


class TestConfigurationWithoutAssistantId:
    """Rasa adds one to the file."""

    def _rewritten(self, folder, diet, ted, monkeypatch):
        from rasa.__main__ import create_argument_parser
        from rasa.cli.train import run_training

        bot = write_bot(folder, diet, ted)
        config = bot / "config.yml"
        config.write_text(
            "# a comment\n" + config.read_text().replace("assistant_id: tiny\n", "")
        )
        monkeypatch.chdir(bot)
        arguments = ["train", "--dry-run", "--skip-validation"]
        run_training(create_argument_parser().parse_args(arguments))
        text = config.read_text()
        assert not (bot / "models").exists()
        return re.sub("assistant_id: .*", "assistant_id: X", without_our_names(text))

    def test_it_is_rewritten_as_with_stock(self, tmp_path, monkeypatch):
        with pytest.warns(UserWarning, match="assistant_id"):
            ours = self._rewritten(tmp_path / "ours", OUR_DIET, OUR_TED, monkeypatch)
            stock = self._rewritten(
                tmp_path / "stock", "DIETClassifier", "TEDPolicy", monkeypatch
            )
        assert "assistant_id: X" in ours
        assert ours == stock


METHODS = [
    (ours, stock, method)
    for (ours, stock), methods in zip(
        PAIRS,
        [
            ("train", "process", "create", "load", "get_default_config"),
            ("train", "predict_action_probabilities", "create", "load"),
        ],
    )
    for method in [*methods, "fingerprint_addon", "required_packages"]
]


class TestSignatures:
    """Rasa wires its graph by the names and annotations of parameters."""

    @pytest.mark.parametrize(
        ("ours", "stock", "method"), METHODS, ids=lambda x: getattr(x, "__name__", x)
    )
    def test_they_are_those_of_stock(self, ours, stock, method):
        ours, stock = getattr(ours, method), getattr(stock, method)
        found = inspect.signature(ours).parameters
        expected = inspect.signature(stock).parameters
        assert list(found) == list(expected)
        for name, parameter in expected.items():
            assert found[name].kind == parameter.kind, name
            assert found[name].default == parameter.default, name
        hints, stock_hints = typing.get_type_hints(ours), typing.get_type_hints(stock)
        if method in ("create", "load"):  # these are about the class itself
            for name in ("cls", "return"):
                hints.pop(name, None)
                stock_hints.pop(name, None)
        assert hints == stock_hints


class TestDefaults:
    """What a configuration need not say."""

    @pairs
    def test_all_options_of_stock_keep_their_defaults(self, ours, stock):
        found, expected = ours.get_default_config(), stock.get_default_config()
        assert {key: found[key] for key in expected} == expected
        assert set(found) - set(expected) == {
            "averaged_epochs",
            "connection_pattern",
            "save_half_precision",
            "save_optimizer_state",
            "scale_learning_rate",
        }

    @pairs
    def test_learning_rates_are_those_of_stock_in_policies_only(self, ours, stock):
        scales = ours.get_default_config()["scale_learning_rate"]
        assert scales == (not issubclass(stock, TEDPolicy))

    @pairs
    def test_required_components_and_languages_are_those_of_stock(self, ours, stock):
        assert ours.required_components() == stock.required_components()
        assert ours.supported_languages() == stock.supported_languages()


class TestSideBySide:
    """Our classifier and stock's in one pipeline."""

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["ours first", "ours last"])
    def test_both_train_and_answer(self, order, tmp_path):
        names = [OUR_DIET, "DIETClassifier"]
        # two intents and entities without roles: two sequence taggers less to trace
        nlu = re.sub(r'\{"entity": "(\w+)", "role": "\w+"\}', r"(\1)", NLU)
        options = {**TINY_DIET, "epochs": 25, "learning_rate": 0.03, "drop_rate": 0.0}
        options.update({"BILOU_flag": False, "batch_size": 16})
        components = [{"name": names[i], **options} for i in order]
        bot = write_nlu_bot(tmp_path / "bot", *components, nlu=nlu)
        with eagerly():
            archive = rasa.model_training.train_nlu(
                str(bot / "config.yml"), str(bot / "nlu.yml"), str(bot / "models")
            )
            agent = asyncio.run(load_agent(archive))
            answer = asyncio.run(agent.parse_message("fly from berlin to rome"))
        assert answer["intent"]["name"] == "book"
        assert {entity["extractor"] for entity in answer["entities"]} == {
            "RandConnDIETClassifier",
            "DIETClassifier",
        }
        assert Path(archive).is_file()
