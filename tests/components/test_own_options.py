"""Our own options: a classifier trains, loads and answers with them."""

from __future__ import annotations

import re

import pytest
from data_factory import (
    NLU,
    Featurizers,
    answers_of_diet,
    eagerly,
    load_diet,
    nlu_data,
    train_diet,
)
from rasa.nlu.classifiers.diet_classifier import DIETClassifier

from rasa_randconn import RandConnDIETClassifier

TEXT = "fly to rome"
INTENTS = {"entity_recognition": False}
LOADED_OPTIONS = {
    "no encoder": {
        **INTENTS,
        "number_of_transformer_layers": 0,
        "hidden_layers_sizes": {"text": [14, 10], "label": [6]},
    },
    "masked language model": {**INTENTS, "use_masked_language_model": True},
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


@pytest.mark.parametrize("case", LOADED_OPTIONS)
def test_a_classifier_answers_the_same_when_loaded(case, small, tmp_path):
    options = LOADED_OPTIONS[case]
    _, answer = _answer(RandConnDIETClassifier, options, small, tmp_path)
    storage = tmp_path / "RandConnDIETClassifier"
    loaded = load_diet(RandConnDIETClassifier, options, storage)
    assert answers_of_diet(loaded, small, TEXT) == [answer]
