"""Stock's options with our components: they train, load and answer like stock's."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from data_factory import (
    NLU,
    STORIES,
    Featurizers,
    answer_of_ted,
    answers_of_diet,
    dialogues,
    eagerly,
    files_of,
    load_diet,
    load_ted,
    nlu_data,
    train_diet,
    train_ted,
)
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier

from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy

TEXT = "fly to rome"
INTENTS = {"entity_recognition": False}
ENTITIES = {"intent_classification": False}
VALIDATION = {
    "evaluate_on_number_of_examples": 3,
    "evaluate_every_number_of_epochs": 1,
    "checkpoint_model": True,
}

DIET_OPTIONS = {
    "masked language model": {**INTENTS, "use_masked_language_model": True},
    "unidirectional": {**INTENTS, "unidirectional_encoder": True},
    "relative attention": {
        **INTENTS,
        "use_key_relative_attention": True,
        "use_value_relative_attention": True,
        "max_relative_position": 2,
    },
    "unidirectional relative attention": {
        **INTENTS,
        "unidirectional_encoder": True,
        "use_key_relative_attention": True,
        "use_value_relative_attention": True,
    },
    "no encoder": {
        **INTENTS,
        "number_of_transformer_layers": 0,
        "hidden_layers_sizes": {"text": [14, 10], "label": [6]},
    },
    "no encoder with entities": {"number_of_transformer_layers": 0},
    "attention dropout": {**INTENTS, "drop_rate_attention": 0.3},
    "margin": {**INTENTS, "loss_type": "margin", "constrain_similarities": False},
    "cosine similarity": {
        **INTENTS,
        "similarity_type": "cosine",
        "loss_type": "margin",
        "constrain_similarities": False,
    },
    "unconstrained": {**INTENTS, "constrain_similarities": False},
    "scaled loss": {**INTENTS, "scale_loss": True},
    "no BILOU tags": {**ENTITIES, "BILOU_flag": False},
    "entities only": ENTITIES,
    "intents only": INTENTS,
    "checkpoints": {**INTENTS, **VALIDATION, "epochs": 2},
    "renormalised ranking": {
        **INTENTS,
        "ranking_length": 2,
        "renormalize_confidences": True,
    },
    "growing batches": {**INTENTS, "batch_size": [2, 4], "epochs": 2},
    "sequence batches": {**INTENTS, "batch_strategy": "sequence"},
    "eager": {"run_eagerly": True},
}

# These have no counterpart in stock, or another one.
OWN_OPTIONS = {
    "density by kind": {
        "connection_density": {"attention": 0.5, "feed_forward": 0, "embedding": 1}
    },
    "no density": {"connection_density": 0.0},
    "full density": {"connection_density": 1.0},
    "unstructured, no density": {
        "connection_density": 0.0,
        "connection_pattern": "unstructured",
    },
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Entities without roles: one sequence tagger less to trace."""
    text = re.sub(r'\{"entity": "(\w+)", "role": "\w+"\}', r"(\1)", NLU)
    return Featurizers(nlu_data(text), tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    text = re.sub(r'\{"entity": "(\w+)", "role": "\w+"\}', r"(\1)", NLU)
    return Featurizers(nlu_data(text), tmp_path_factory.mktemp("dense"), True)


@pytest.fixture(autouse=True)
def _no_graphs():
    with eagerly():
        yield


def _kind(answer):
    """Keys of an answer and how much there is in it."""
    ranking = answer.get("intent_ranking", [])
    return {
        "keys": sorted(answer),
        "intent": sorted(answer.get("intent", {})),
        "ranked": sum(entry["confidence"] > 0 for entry in ranking),
        "names": sorted(entry["name"] for entry in ranking),
    }


def _answer(component, options, featurizers, tmp_path):
    storage = tmp_path / component.__name__
    storage.mkdir()
    diet = train_diet(component, options, storage, featurizers.training_data)
    (answer,) = answers_of_diet(diet, featurizers, TEXT)
    return diet, answer


@pytest.mark.parametrize("case", DIET_OPTIONS)
def test_a_classifier_answers_like_stock(case, small, tmp_path):
    options = DIET_OPTIONS[case]
    ours, answer = _answer(RandConnDIETClassifier, options, small, tmp_path)
    stock, expected = _answer(DIETClassifier, options, small, tmp_path)
    answer_kind, expected_kind = _kind(answer), _kind(expected)
    if "ranking_length" in options:  # which names are in it is chance
        assert len(answer_kind.pop("names")) == len(expected_kind.pop("names"))
    if options.get("loss_type") == "margin":  # and which similarities are positive
        del answer_kind["ranked"], expected_kind["ranked"]
    assert answer_kind == expected_kind

    history, history_of_stock = (c.model.history.history for c in (ours, stock))
    assert set(history) == set(history_of_stock)
    assert all(np.isfinite(values).all() for values in history.values())
    predicted = set(ours.model.run_inference(_data(ours, small)))
    assert predicted == set(stock.model.run_inference(_data(stock, small)))


def _data(diet, featurizers):
    return diet._create_model_data(featurizers.messages(TEXT), training=False)


@pytest.mark.parametrize("case", OWN_OPTIONS)
def test_a_classifier_with_our_options_answers(case, small, tmp_path):
    options = {**INTENTS, **OWN_OPTIONS[case]}
    _, answer = _answer(RandConnDIETClassifier, options, small, tmp_path)
    _, expected = _answer(DIETClassifier, INTENTS, small, tmp_path)
    assert _kind(answer) == _kind(expected)


def test_every_kind_of_layer_gets_its_own_density(small, tmp_path):
    densities = {"attention": 0.5, "feed_forward": 0, "embedding": 1.0}
    options = {
        **INTENTS,
        "connection_density": {**densities, "hidden_layers": 0.25},
        "hidden_layers_sizes": {"text": [16], "label": []},
    }
    diet, _ = _answer(RandConnDIETClassifier, options, small, tmp_path)
    layers = diet.model.parameters.layers
    kinds = {"attention": 0, "feed_forward": 0, "embedding": 0, "hidden_layer": 0}
    for name, layer in layers.items():
        inputs, units = layer.connectivity.inputs, layer.connectivity.units
        (kind,) = [kind for kind in kinds if f"/{kind}" in name]
        kinds[kind] += 1
        expected = {
            "attention": inputs * units // 2,
            "feed_forward": max(inputs, units),
            "embedding": inputs * units,
            "hidden_layer": units * round(inputs / 4),
        }[kind]
        assert layer.connectivity.count == expected, name
    assert kinds == {
        "attention": 4,
        "feed_forward": 2,
        "embedding": 1,
        "hidden_layer": 1,
    }


@pytest.mark.parametrize("case", ["no encoder", "masked language model"])
def test_a_classifier_answers_the_same_when_loaded(case, small, tmp_path):
    options = DIET_OPTIONS[case]
    _, answer = _answer(RandConnDIETClassifier, options, small, tmp_path)
    storage = tmp_path / "RandConnDIETClassifier"
    loaded = load_diet(RandConnDIETClassifier, options, storage)
    assert answers_of_diet(loaded, small, TEXT) == [answer]


def test_a_classifier_takes_dense_features(dense, tmp_path):
    _, answer = _answer(RandConnDIETClassifier, INTENTS, dense, tmp_path)
    _, expected = _answer(DIETClassifier, INTENTS, dense, tmp_path)
    assert _kind(answer) == _kind(expected)
    loaded = load_diet(
        RandConnDIETClassifier, INTENTS, tmp_path / "RandConnDIETClassifier"
    )
    assert answers_of_diet(loaded, dense, TEXT) == [answer]


@pytest.mark.parametrize("component", [RandConnDIETClassifier, DIETClassifier])
def test_shared_hidden_layers_fail_as_in_stock(component, tmp_path):
    """Rasa 3.6.21 looks for the label's features under the name of the text."""
    featurizers = Featurizers(nlu_data(), tmp_path, is_shared=True)
    options = {
        **INTENTS,
        "share_hidden_layers": True,
        "hidden_layers_sizes": {"text": [16], "label": [16]},
    }
    with pytest.raises(KeyError, match="text"):
        _answer(component, options, featurizers, tmp_path)


@pytest.fixture(scope="module")
def intents_only(featurizers):
    return dialogues(STORIES, featurizers)


TED_OPTIONS = {
    "some turns": {"max_history": 2},
    "whole dialogues": {"max_history": None},
    "relative attention": {
        "use_key_relative_attention": True,
        "use_value_relative_attention": True,
    },
    "no encoder": {
        "number_of_transformer_layers": {"text": 0, "action_text": 0, "dialogue": 0},
        "hidden_layers_sizes": {"dialogue": [8]},
    },
    "margin": {"loss_type": "margin", "constrain_similarities": False},
}


@pytest.mark.parametrize("case", TED_OPTIONS)
def test_a_policy_predicts_like_stock(case, intents_only, tmp_path):
    predictions, histories = [], []
    for policy in (RandConnTEDPolicy, TEDPolicy):
        storage = tmp_path / policy.__name__
        storage.mkdir()
        ted = train_ted(policy, TED_OPTIONS[case], storage, intents_only)
        histories.append(ted.model.history.history)
        predictions.append(answer_of_ted(ted, intents_only, TEXT, "book"))

    ours, stock = predictions
    assert set(histories[0]) == set(histories[1])
    assert all(np.isfinite(values).all() for values in histories[0].values())
    assert len(ours.probabilities) == len(stock.probabilities)
    assert np.isfinite(ours.probabilities).all()
    assert ours.is_end_to_end_prediction == stock.is_end_to_end_prediction
    assert set(ours.diagnostic_data) == set(stock.diagnostic_data)
    for key, value in stock.diagnostic_data.items():
        assert np.shape(ours.diagnostic_data[key]) == np.shape(value), key


END_TO_END_OPTIONS = {
    "end to end": {},
    "masked and unidirectional with hidden layers": {
        "use_masked_language_model": True,
        "unidirectional_encoder": True,
        "hidden_layers_sizes": {"text": [10], "action_text": [10]},
    },
}


@pytest.mark.parametrize("case", END_TO_END_OPTIONS)
def test_a_policy_learns_texts_like_stock(case, talk, tmp_path):
    # stock fails on a variable that not every batch uses; so there is only one batch
    options = {**INTENTS, "batch_size": 64, **END_TO_END_OPTIONS[case]}
    predictions, histories = [], []
    for policy in (RandConnTEDPolicy, TEDPolicy):
        storage = tmp_path / policy.__name__
        storage.mkdir()
        ted = train_ted(policy, options, storage, talk)
        histories.append(ted.model.history.history)
        predictions.append(answer_of_ted(ted, talk, "hello", "greet"))
    assert set(histories[0]) == set(histories[1])
    assert len(predictions[0].probabilities) == len(predictions[1].probabilities)

    # on loading Rasa finds out that there are only texts; before, it tries intents
    loaded = load_ted(RandConnTEDPolicy, options, tmp_path / "RandConnTEDPolicy")
    answer = answer_of_ted(loaded, talk, "hello", "greet")
    assert answer.is_end_to_end_prediction
    assert len(answer.probabilities) == len(predictions[0].probabilities)
    assert max(answer.probabilities) > 0


def test_a_policy_keeps_its_best_checkpoint(featurizers, tmp_path):
    turns = {"greet": "utter_hello", "bye": "utter_bye", "book": "utter_booked"}
    stories = 'version: "3.1"\nstories:\n'
    for i, order in enumerate(itertools.permutations(turns)):
        stories += f"- story: story {i}\n  steps:\n"
        for intent in order:
            stories += f"  - intent: {intent}\n  - action: {turns[intent]}\n"
    data = dialogues(stories, featurizers)
    options = {**INTENTS, **VALIDATION, "evaluate_on_number_of_examples": 5}
    ted = train_ted(RandConnTEDPolicy, {**options, "epochs": 3}, tmp_path, data)
    assert "val_acc" in ted.model.history.history
    files = files_of(tmp_path / "model")
    assert [name for name in files if "from_checkpoint" in name]
    loaded = load_ted(RandConnTEDPolicy, options, tmp_path)
    answer = answer_of_ted(loaded, data, "hello", "greet")
    assert answer.max_confidence > 0
