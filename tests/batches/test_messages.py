"""Batches straight from messages and dialogues are those of Rasa's model data."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from data_factory import (
    END_TO_END_STORIES,
    STORIES,
    Featurizers,
    answers_of_diet,
    dialogues,
    nlu_data,
    tracker_after,
    train_diet,
    train_ted,
)
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy
from rasa_randconn.batches.dialogues import batch_of_dialogues
from rasa_randconn.batches.messages import batch_of_texts, features_of
from rasa_randconn.batches.model_data import StackedFeatures
from rasa_randconn.nn.features import CSRMatrix

TEXTS = ["hello", "fly from rome to paris on monday", "zzz", "bye my friend"]


def _dense(rows):
    if isinstance(rows, np.ndarray):
        return rows
    dense = np.zeros((len(rows.indptr) - 1, rows.units), np.float32)
    owners = np.repeat(np.arange(len(dense)), np.diff(rows.indptr))
    np.add.at(dense, (owners, rows.indices), rows.data)
    return dense


def _assert_same(batch, expected, kinds=("sequence", "sentence", "mask", "length")):
    compared = 0
    assert set(batch) == set(expected)
    for attribute, by_kind in expected.items():
        for kind in set(by_kind) & set(kinds):
            own = batch[attribute][kind]
            assert len(own) == len(by_kind[kind])
            for found, feature in zip(own, by_kind[kind]):
                is_sparse = isinstance(feature.rows, CSRMatrix)
                assert isinstance(found.rows, CSRMatrix) == is_sparse
                np.testing.assert_array_equal(_dense(found.rows), _dense(feature.rows))
                if kind in ("sequence", "sentence"):
                    np.testing.assert_array_equal(found.lengths, feature.lengths)
                compared += 1
    return compared


@pytest.fixture(scope="module", params=[False, True], ids=["sparse", "and dense"])
def own_featurizers(request, tmp_path_factory):
    storage = tmp_path_factory.mktemp("own_featurizers")
    return Featurizers(nlu_data(), storage, is_dense=request.param)


@pytest.fixture(scope="module")
def diet(own_featurizers, tmp_path_factory):
    storage = tmp_path_factory.mktemp("diet")
    data = own_featurizers.training_data
    return train_diet(RandConnDIETClassifier, {}, storage, data)


@pytest.mark.parametrize("is_filtered", [False, True])
def test_the_batch_of_messages_is_that_of_rasa(is_filtered, own_featurizers, diet):
    messages = own_featurizers.messages(*TEXTS)
    names = [messages[0].features[-1].origin] if is_filtered else None
    copied = copy.copy(diet)
    copied.component_config = {**diet.component_config, "featurizers": names}
    model_data = DIETClassifier._create_model_data(copied, messages, training=False)
    expected = StackedFeatures(model_data.data).everything()
    batch = batch_of_texts([features_of(message, TEXT, names) for message in messages])
    assert _assert_same(batch, expected, ("sequence", "sentence")) >= 2


def test_many_messages_get_the_answers_of_each_by_itself(own_featurizers, diet):
    together = answers_of_diet(diet, own_featurizers, *TEXTS)
    for text, answer in zip(TEXTS, together):
        (alone,) = answers_of_diet(diet, own_featurizers, text)
        assert alone["intent"]["name"] == answer["intent"]["name"]
        confidences = [label["confidence"] for label in answer["intent_ranking"]]
        np.testing.assert_allclose(
            confidences, [x["confidence"] for x in alone["intent_ranking"]], rtol=1e-5
        )
        assert len(alone["entities"]) == len(answer["entities"])


def test_messages_without_features_get_no_intent_beside_others(own_featurizers, diet):
    messages = [Message(data={"text": ""}), *own_featurizers.messages("hello")]
    empty, full = diet.process(messages)
    assert empty.get("intent") == {"name": None, "confidence": 0.0}
    assert full.get("intent")["name"]


def test_several_messages_carry_the_diagnostic_data_of_their_own(own_featurizers, diet):
    copied = copy.copy(diet)
    copied._execution_context = copy.copy(diet._execution_context)
    copied._execution_context.should_add_diagnostic_data = True
    copied._execution_context.node_name = "diet"
    for message in copied.process(own_featurizers.messages(*TEXTS)):
        data = message.get("diagnostic_data")["diet"]
        rows = len(message.get("text_tokens")) + 1
        assert data["text_transformed"].shape[:2] == (1, rows)
        assert data["attention_weights"].shape[-2:] == (rows, rows)


def test_more_features_than_the_model_knows_are_refused(diet, tmp_path):
    words = " ".join(f"word{i}" for i in range(60))
    text = f"version: '3.1'\nnlu:\n- intent: a\n  examples: |\n    - {words}\n    - z\n"
    others = Featurizers(nlu_data(text), tmp_path)
    with pytest.raises(ValueError, match="features"):
        diet.process(others.messages("word1 word2"))


@pytest.mark.parametrize("stories", [STORIES, END_TO_END_STORIES])
@pytest.mark.parametrize("max_history", [3, None])
def test_the_batch_of_dialogues_is_that_of_rasa(
    stories, max_history, featurizers, tmp_path
):
    data = dialogues(stories, featurizers)
    ted = train_ted(RandConnTEDPolicy, {"max_history": max_history}, tmp_path, data)
    tracker = tracker_after("fly from rome to paris", "book", data.domain)
    turns = ted._featurize_tracker(
        tracker,
        data.domain,
        featurizers.precomputations_for(tracker),
        rule_only_data=None,
    )
    model_data = TEDPolicy._create_model_data(ted, turns)
    expected = StackedFeatures(model_data.data).everything()
    batch = batch_of_dialogues(turns, ted.fake_features, None)
    assert _assert_same(batch, expected) >= 4
    ours, rasas = ted.model.run_inference(batch), ted.model.run_inference(model_data)
    for key in ("scores", "similarities"):
        np.testing.assert_allclose(ours[key], rasas[key], rtol=1e-6)
