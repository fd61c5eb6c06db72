"""Finetuning keeps the connections and lets the vocabulary grow."""

from __future__ import annotations

import copy
import re
import shutil
import tarfile

import numpy as np
import pytest
import rasa.model_training
from data_factory import (
    END_TO_END_STORIES,
    NLU,
    OUR_DIET,
    RETRIEVAL_NLU,
    STORIES,
    TINY_DIET,
    Featurizers,
    answer_of_ted,
    answers_of_diet,
    dialogues,
    load,
    load_diet,
    load_ted,
    nlu_data,
    retrieval_featurizers,
    train,
    train_diet,
    train_ted,
    write_nlu_bot,
)
from rasa.shared.exceptions import RasaException

from rasa_randconn import (
    RandConnDIETClassifier,
    RandConnResponseSelector,
    RandConnTEDPolicy,
    RandConnUnexpecTEDIntentPolicy,
)
from rasa_randconn.storage import read_weights

INTENTS = {"entity_recognition": False}
MORE_NLU = NLU.replace("    - hi there\n", "    - hi there\n    - quite new words\n")


def _connections(folder):
    (path,) = folder.glob("*.weights.safetensors")
    _, layers = read_weights(path)
    return {name: layer.connectivity for name, layer in layers.items()}


def _assert_same(found, expected):
    assert set(found) == set(expected)
    assert expected
    for name, connectivity in expected.items():
        np.testing.assert_array_equal(found[name].mask(), connectivity.mask(), name)


def _small(text):
    return re.sub(r'\{"entity": "(\w+)", "role": "\w+"\}', r"(\1)", text)


def test_a_classifier_learns_new_words_on_the_same_connections(
    pattern, featurizers, tmp_path
):
    options = {**INTENTS, "connection_pattern": pattern}
    first = train_diet(
        RandConnDIETClassifier, options, tmp_path, featurizers.training_data
    )
    before = _connections(tmp_path / "model")
    folder = tmp_path / "featurizers_of_more"
    folder.mkdir()
    more = Featurizers(nlu_data(MORE_NLU), folder)

    tuned = load_diet(RandConnDIETClassifier, options, tmp_path, is_finetuning=True)
    tuned.train(more.training_data)

    _assert_same(_connections(tmp_path / "model"), before)
    assert _inputs(tuned) == _inputs(first) + 3
    answers = answers_of_diet(tuned, more, "quite new words")
    assert answers[0]["intent"]["name"]
    loaded = load_diet(RandConnDIETClassifier, options, tmp_path)
    assert answers_of_diet(loaded, more, "quite new words") == answers


def _inputs(diet):
    """Number of sparse features of the texts' tokens."""
    return sum(diet._sparse_feature_sizes["text"]["sequence"])


def test_a_selector_learns_new_words_on_the_same_connections(retrieval, tmp_path):
    selector, options = RandConnResponseSelector, {**TINY_DIET, "epochs": 2}
    first = train(selector, options, tmp_path, retrieval)
    before = _connections(tmp_path / "model")
    more_nlu = RETRIEVAL_NLU.replace("will it rain", "will it rain tomorrow maybe")
    (tmp_path / "more").mkdir()
    more = retrieval_featurizers(tmp_path / "more", nlu=more_nlu)

    tuned = load(selector, options, tmp_path, is_finetuning=True)
    tuned.train(copy.deepcopy(more.training_data))

    _assert_same(_connections(tmp_path / "model"), before)
    assert _inputs(tuned) == _inputs(first) + 2
    loaded = load(selector, options, tmp_path)
    found, expected = (
        component.process(more.messages("will it rain tomorrow maybe"))[0]
        for component in (loaded, tuned)
    )
    assert found.get("response_selector") == expected.get("response_selector")
    assert expected.get("response_selector")["default"]["ranking"]


@pytest.mark.parametrize(
    "policy, data",
    [(RandConnTEDPolicy, "talk"), (RandConnUnexpecTEDIntentPolicy, "intent_talk")],
)
def test_a_policy_goes_on_learning_on_the_same_connections(
    policy, data, pattern, request, tmp_path
):
    options = {"connection_pattern": pattern}
    said = request.getfixturevalue(data)
    first = train_ted(policy, options, tmp_path, said)
    before = _connections(tmp_path / "model")
    weights = {p: a.copy() for p, a in first.model.parameters.arrays().items()}

    tuned = load_ted(policy, options, tmp_path, is_finetuning=True)
    restored = tuned.model.parameters.arrays()
    assert set(restored) == set(weights)
    for path, array in restored.items():
        np.testing.assert_array_equal(array, weights[path])
    tuned.train(said.trackers, said.domain, said.precomputations)

    _assert_same(_connections(tmp_path / "model"), before)
    changed = tuned.model.parameters.arrays()
    assert any((changed[path] != weights[path]).any() for path in weights)
    loaded = load_ted(policy, options, tmp_path)
    for path, array in changed.items():
        np.testing.assert_array_equal(loaded.model.parameters[path].array, array)
    assert answer_of_ted(loaded, said, "hello", "greet").probabilities


def test_a_policy_learns_new_words_of_end_to_end_stories(pattern, talk, tmp_path):
    options = {"connection_pattern": pattern, "save_optimizer_state": True}
    first = train_ted(RandConnTEDPolicy, options, tmp_path, talk)
    before = _connections(tmp_path / "model")
    (tmp_path / "more").mkdir()
    featurizers = Featurizers(nlu_data(MORE_NLU), tmp_path / "more")
    stories = END_TO_END_STORIES.replace("user: hi there", "user: quite new words")
    more = dialogues(stories, featurizers)

    tuned = load_ted(RandConnTEDPolicy, options, tmp_path, is_finetuning=True)
    tuned.train(more.trackers, more.domain, more.precomputations)

    _assert_same(_connections(tmp_path / "model"), before)
    assert _inputs_of_texts(tuned) == _inputs_of_texts(first) + 3
    answer = answer_of_ted(tuned, more, "quite new words", "greet").probabilities
    loaded = load_ted(RandConnTEDPolicy, options, tmp_path)
    found = answer_of_ted(loaded, more, "quite new words", "greet").probabilities
    assert found == answer

    again = load_ted(RandConnTEDPolicy, options, tmp_path, is_finetuning=True)
    with pytest.raises(RasaException, match="decreased"):
        again.train(talk.trackers, talk.domain, talk.precomputations)


@pytest.mark.parametrize("policy", [RandConnTEDPolicy, RandConnUnexpecTEDIntentPolicy])
def test_a_policy_refuses_stories_with_features_of_a_new_kind(
    policy, intent_talk, featurizers, tmp_path
):
    """It has no weights for them, and the files would not fit its model."""
    train_ted(policy, {}, tmp_path, intent_talk)
    files = {path: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    with_slot = STORIES.replace(
        "  - intent: book\n", "  - slot_was_set:\n    - day: monday\n  - intent: book\n"
    )
    more = dialogues(with_slot, featurizers)

    tuned = load_ted(policy, {}, tmp_path, is_finetuning=True)
    with pytest.raises(RasaException, match="have no features of slots, these do"):
        tuned.train(more.trackers, more.domain, more.precomputations)
    assert {path: path.read_bytes() for path in files} == files


def test_a_policy_refuses_stories_without_features_of_a_kind_that_it_knows(
    talk, tmp_path
):
    train_ted(RandConnTEDPolicy, {}, tmp_path, talk)
    tuned = load_ted(RandConnTEDPolicy, {}, tmp_path, is_finetuning=True)
    without = re.sub(r"\[(\w+)\]\(\w+\)", r"\1", END_TO_END_STORIES)
    fewer = dialogues(without, talk.featurizers)
    with pytest.raises(
        RasaException, match="have features of entity_tags, slots, these do not"
    ):
        tuned.train(fewer.trackers, fewer.domain, fewer.precomputations)


def test_a_policy_refuses_the_first_entities_of_its_stories(
    talk, featurizers, tmp_path
):
    """It has no weights for their tags."""
    without = re.sub(r"\[(\w+)\]\(\w+\)", r"\1", END_TO_END_STORIES)
    train_ted(RandConnTEDPolicy, {}, tmp_path, dialogues(without, featurizers))
    tuned = load_ted(RandConnTEDPolicy, {}, tmp_path, is_finetuning=True)
    with pytest.raises(RasaException, match="no features of entity_tags"):
        tuned.train(talk.trackers, talk.domain, talk.precomputations)


def test_texts_that_a_policy_does_not_use_may_have_fewer_features(
    featurizers, tmp_path
):
    stories = STORIES.replace("- intent: greet\n", "- user: hi\n    intent: greet\n")
    (tmp_path / "more").mkdir()
    more = dialogues(stories, Featurizers(nlu_data(MORE_NLU), tmp_path / "more"))
    first = train_ted(RandConnTEDPolicy, {}, tmp_path, more)
    assert "text" not in first.model.data_signature
    fewer = dialogues(stories, featurizers)
    tuned = load_ted(RandConnTEDPolicy, {}, tmp_path, is_finetuning=True)
    tuned.train(fewer.trackers, fewer.domain, fewer.precomputations)
    loaded = load_ted(RandConnTEDPolicy, {}, tmp_path)
    assert answer_of_ted(loaded, fewer, "hi", "greet").probabilities


def _inputs_of_texts(ted):
    """Number of sparse features of a user's texts."""
    layer = "sequence_layer.text/feature_combining/sparse_dense.sentence"
    return len(ted.model.parameters[f"{layer}/sparse_to_dense/kernel"].array)


def test_rasa_finetunes_a_bot_with_new_words(tmp_path):
    options = {**TINY_DIET, **INTENTS, "epochs": 2, "save_optimizer_state": True}
    bot = write_nlu_bot(tmp_path, {"name": OUR_DIET, **options}, nlu=_small(NLU))

    def train(name, **kwargs):
        archive = rasa.model_training.train_nlu(
            str(bot / "config.yml"),
            str(bot / "nlu.yml"),
            str(bot / "models"),
            fixed_model_name=name,
            **kwargs,
        )
        with tarfile.open(archive) as tar:
            tar.extractall(bot / name)
        (folder,) = (bot / name / "components").glob("train_*RandConn*")
        return archive, _connections(folder)

    archive, before = train("first")
    (bot / "nlu.yml").write_text(_small(MORE_NLU))
    _, after = train("second", model_to_finetune=archive, finetuning_epoch_fraction=0.5)
    _assert_same(after, before)


@pytest.mark.parametrize(
    "options",
    [{"use_masked_language_model": True}, {"number_of_transformer_layers": 2}],
)
def test_finetuning_with_other_layers_is_refused_in_words(our_diet, options, tmp_path):
    shutil.copytree(our_diet.storage, tmp_path / "copy")
    with pytest.raises(
        RasaException, match="only with the options that it was trained"
    ):
        load_diet(
            RandConnDIETClassifier,
            {**our_diet.options, **options},
            tmp_path / "copy",
            is_finetuning=True,
        )
