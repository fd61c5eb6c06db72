"""Data that leaves little to learn, beside stock's components."""

from __future__ import annotations

import copy
import gc
import logging

import data_factory
import numpy as np
import psutil
import pytest
from data_factory import (
    DOMAIN,
    END_TO_END_STORIES,
    NLU,
    STORIES,
    TINY_DIET,
    TINY_TED,
    Featurizers,
    answer_of_ted,
    answers_of_diet,
    create,
    dialogues,
    eagerly,
    load,
    load_diet,
    load_ted,
    nlu_data,
    train,
    train_diet,
)
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.nlu.selectors.response_selector import ResponseSelector
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from rasa_randconn import (
    RandConnDIETClassifier,
    RandConnResponseSelector,
    RandConnTEDPolicy,
    RandConnUnexpecTEDIntentPolicy,
)


@pytest.fixture
def pattern():
    return "grouped"


NO_ENTITIES = NLU.split("- intent: book")[0]
ONE_INTENT = NLU.split("- intent: bye")[0]


def _kind(answer):
    """An answer without its numbers and names."""
    return {
        "keys": sorted(answer),
        "is_none": answer["intent"]["name"] is None,
        "intents": sorted(entry["name"] for entry in answer["intent_ranking"]),
        "intent_keys": sorted(answer["intent"]),
        "entity_keys": sorted({key for e in answer.get("entities", []) for key in e}),
    }


def _both(data, tmp_path):
    """Trains our classifier and stock's on the same data."""
    featurizers = Featurizers(data, tmp_path)
    classifiers = []
    with eagerly():
        for component in (RandConnDIETClassifier, DIETClassifier):
            storage = tmp_path / component.__name__
            storage.mkdir()
            classifiers.append(
                train_diet(component, {}, storage, featurizers.training_data)
            )
    return [*classifiers, featurizers]


def test_without_entities_there_are_none_in_the_answer(tmp_path):
    ours, stock, featurizers = _both(nlu_data(NO_ENTITIES), tmp_path)
    (answer,) = answers_of_diet(ours, featurizers, "hello")
    with eagerly():
        (expected,) = answers_of_diet(stock, featurizers, "hello")
    assert _kind(answer) == _kind(expected)
    assert not answer.get("entities")
    assert answer["intent"]["name"] in ("greet", "bye")

    loaded = load_diet(RandConnDIETClassifier, {}, tmp_path / "RandConnDIETClassifier")
    (loaded_answer,) = answers_of_diet(loaded, featurizers, "hello")
    assert loaded_answer["intent_ranking"] == answer["intent_ranking"]
    assert not loaded_answer.get("entities")


def test_one_intent_is_not_trained_and_answers_as_stock_does(tmp_path, caplog):
    with caplog.at_level(logging.ERROR):
        ours, stock, featurizers = _both(nlu_data(ONE_INTENT), tmp_path)
    assert "Cannot train 'RandConnDIETClassifier'" in caplog.text
    assert ours.model is None
    expected = answers_of_diet(stock, featurizers, "hello", "")
    assert answers_of_diet(ours, featurizers, "hello", "") == expected
    assert expected[0]["intent"]["name"] is None

    loaded = load_diet(RandConnDIETClassifier, {}, tmp_path / "RandConnDIETClassifier")
    assert loaded.model is None
    assert answers_of_diet(loaded, featurizers, "hello", "") == expected


def test_no_examples_are_not_trained_and_answer_as_stock_does(tmp_path, featurizers):
    data = featurizers.training_data.filter_training_examples(lambda example: False)
    answers = []
    for component in (RandConnDIETClassifier, DIETClassifier):
        storage = tmp_path / component.__name__
        storage.mkdir()
        train_diet(component, {}, storage, data)
        loaded = load_diet(component, {}, storage)
        answers.append(answers_of_diet(loaded, featurizers, "hello"))
    assert answers[0] == answers[1]


def test_an_empty_message_is_answered_as_stock_does(
    our_loaded_diet, stock_diet, featurizers
):
    (ours,) = answers_of_diet(our_loaded_diet, featurizers, "")
    with eagerly():
        (stock,) = answers_of_diet(stock_diet.component, featurizers, "")
    # whether so short a training finds an entity in it is chance
    for answer in (ours, stock):
        answer["entities"] = []
    assert _kind(ours) == _kind(stock)


def test_an_empty_message_is_answered_the_same_among_others(
    our_loaded_diet, featurizers
):
    texts = ["", "hello", "", "to rome"]
    alone = [answers_of_diet(our_loaded_diet, featurizers, text)[0] for text in texts]
    together = answers_of_diet(our_loaded_diet, featurizers, *texts)
    for answer, expected in zip(together, alone):
        assert _kind(answer) == _kind(expected)
        for entry, expected_entry in zip(
            answer["intent_ranking"], expected["intent_ranking"]
        ):
            assert entry["name"] == expected_entry["name"]
            assert entry["confidence"] == pytest.approx(
                expected_entry["confidence"], rel=1e-4
            )


def test_a_message_without_the_dense_features_of_the_training_is_an_error(
    tmp_path,
):
    """Featurizers of language models have none for an empty message."""
    featurizers = Featurizers(nlu_data(), tmp_path, is_dense=True)
    data = featurizers.training_data
    diet = train_diet(RandConnDIETClassifier, {}, tmp_path, data)
    (message,) = featurizers.messages("hello")
    message.features = [f for f in message.features if f.origin != "letters"]
    with pytest.raises(ValueError, match=r"'letters' for .* no dense ones"):
        diet.process([message])


def test_empty_messages_in_the_data_are_trained_on_as_in_stock(tmp_path):
    data = nlu_data()
    empty = Message(data={"text": "", "intent": "greet"})
    data = data.merge(TrainingData([empty]))
    ours, stock, featurizers = _both(data, tmp_path)
    (answer,) = answers_of_diet(ours, featurizers, "hello")
    with eagerly():
        (expected,) = answers_of_diet(stock, featurizers, "hello")
    for found in (answer, expected):
        found.pop("entities", None)
    assert _kind(answer) == _kind(expected)


ODD_TEXTS = {
    "blanks": "  \t ",
    "punctuation": "?!?! ... ,",
    "emoji": "🙂🙂 🙂",
    "a long word": "a" * 20_000,
    "many words": "fly from berlin to rome " * 60,
    "nul": "hello\0there",
    "a lone surrogate": "hello \ud800 there",
    "right to left": "שלום hello עולם",
    "combining marks": "he\u0301llo\u0301 rome\u0301",
    "unknown words": "zzz qqq",
    "an intent": '/book{"city": "rome"}',
    "one of the training": "hello",
    "an entity": "fly to rome on friday 🙂",
}


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_any_text_gets_the_kind_of_answer_that_stock_gives(
    text, our_loaded_diet, stock_diet, featurizers
):
    (ours,) = answers_of_diet(our_loaded_diet, featurizers, text)
    with eagerly():
        (stock,) = answers_of_diet(stock_diet.component, featurizers, text)
    entities = [answer.pop("entities") for answer in (ours, stock)]
    for answer in (ours, stock):
        answer["entities"] = []
    assert _kind(ours) == _kind(stock)
    assert len(ours["intent_ranking"]) == 3
    keys = {"entity", "start", "end", "value", "extractor", "confidence_entity"}
    for found in entities[0]:
        assert keys <= set(found)
        assert found["extractor"] == "RandConnDIETClassifier"
        assert text[found["start"] : found["end"]] == found["value"]


def test_a_text_far_longer_than_those_of_the_training_is_answered(
    our_loaded_diet, featurizers
):
    words = 5_000
    text = "fly to rome on friday " * (words // 5)
    (answer,) = answers_of_diet(our_loaded_diet, featurizers, text)
    confidences = [entry["confidence"] for entry in answer["intent_ranking"]]
    assert sum(confidences) == pytest.approx(1.0, abs=1e-4)


def test_odd_texts_leave_no_memory_behind(our_loaded_diet, featurizers):
    texts = [*ODD_TEXTS.values(), "", "fly to rome on friday " * 200]
    process = psutil.Process()

    def megabytes_after(rounds):
        for _ in range(rounds):
            answers_of_diet(our_loaded_diet, featurizers, *texts)
            for text in texts:
                answers_of_diet(our_loaded_diet, featurizers, text)
        gc.collect()
        return process.memory_info().rss / 1e6

    # a text of 1,000 words alone takes more than that while it is answered
    first = megabytes_after(2)
    assert megabytes_after(4) - first < 10


@pytest.mark.parametrize(
    "policies",
    [
        (RandConnTEDPolicy, TEDPolicy),
        (RandConnUnexpecTEDIntentPolicy, UnexpecTEDIntentPolicy),
    ],
)
def test_a_policy_without_dialogues_answers_as_stock_does(policies, talk, tmp_path):
    answers = []
    for policy in policies:
        storage = tmp_path / policy.__name__
        storage.mkdir()
        untrained = create(policy, TINY_TED, storage)
        with pytest.warns(
            UserWarning, match=f"Skipping training of `{policy.__name__}`"
        ):
            untrained.train([], talk.domain, talk.precomputations)
        loaded = load_ted(policy, {}, storage)
        answers.append(answer_of_ted(loaded, talk, "hello", "greet").probabilities)
    assert answers[0] == answers[1]
    assert not any(answers[0])


@pytest.mark.parametrize("intents", [[], ["faq/name"]], ids=["none", "one"])
def test_a_selector_without_a_choice_answers_as_stock_does(
    intents, retrieval, tmp_path
):
    few = copy.copy(retrieval)
    few.training_data = retrieval.training_data.filter_training_examples(
        lambda example: example.get("intent_response_key") in intents
    )
    answers = []
    for selector in (RandConnResponseSelector, ResponseSelector):
        storage = tmp_path / selector.__name__
        storage.mkdir()
        train(selector, TINY_DIET, storage, few)
        loaded = load(selector, TINY_DIET, storage)
        (message,) = loaded.process(retrieval.messages("who are you"))
        answers.append(message.get("response_selector")["default"])
    assert answers[0] == answers[1]
    assert not answers[0]["ranking"]


@pytest.mark.parametrize(
    "component, stories",
    [
        (RandConnTEDPolicy, STORIES),
        (RandConnTEDPolicy, END_TO_END_STORIES),
        (RandConnUnexpecTEDIntentPolicy, STORIES),
    ],
    ids=["TED", "TED on texts", "unlikely intents"],
)
def test_a_role_and_a_group_may_have_the_same_name(
    component, stories, featurizers, tmp_path, monkeypatch
):
    """Rasa numbers the columns of entities beyond their number then."""
    roles = "    roles: [from, to]\n"
    domain = DOMAIN.replace(roles, roles + roles.replace("roles", "groups"))
    monkeypatch.setattr(data_factory, "DOMAIN", domain)
    data = dialogues(stories, featurizers)
    assert len(set(data.domain.entity_states)) < len(data.domain.entity_states)
    policy = train(component, TINY_TED, tmp_path, data)
    for spec in policy.tag_specs or ():
        assert sorted(spec.ids_to_tags) == list(range(spec.num_tags))
    loaded = load(component, TINY_TED, tmp_path)
    for text, intent in (("hello", "greet"), ("to rome", None)):
        prediction = answer_of_ted(loaded, data, text, intent)
        assert np.isfinite(prediction.probabilities).all()
