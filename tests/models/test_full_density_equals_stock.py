"""With all connections and the same weights, our networks compute what stock's do."""

from __future__ import annotations

import numpy as np
import pytest
from data_factory import (
    END_TO_END_STORIES,
    STORIES,
    TINY_DIET,
    TINY_TED,
    Featurizers,
    dialogues,
    nlu_data,
)
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from stock_twin import (
    assert_same_loss_and_gradients,
    assert_same_outputs,
    fix_choices,
    twins_of_classifiers,
    twins_of_policies,
)

from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy

pytestmark = pytest.mark.slow

DIET = {
    **TINY_DIET,
    "connection_density": 1.0,
    "drop_rate": 0.0,
    "drop_rate_attention": 0.0,
    "use_sparse_input_dropout": False,
    "use_dense_input_dropout": False,
    "number_of_transformer_layers": 2,
}
TED = {
    **TINY_TED,
    "connection_density": 1.0,
    "drop_rate": 0.0,
    "drop_rate_dialogue": 0.0,
    "drop_rate_attention": 0.0,
    "drop_rate_label": 0.0,
    "use_sparse_input_dropout": False,
    "use_dense_input_dropout": False,
}
RELATIVE = {"use_key_relative_attention": True, "use_value_relative_attention": True}

DIET_CASES = {
    "default": {},
    "relative positions and hidden layers": {
        **RELATIVE,
        "hidden_layers_sizes": {"text": [14], "label": [10]},
    },
    "unidirectional": {"unidirectional_encoder": True},
    "masked language model": {"use_masked_language_model": True},
    "no transformer": {
        "number_of_transformer_layers": 0,
        "hidden_layers_sizes": {"text": [14], "label": []},
    },
    "margin": {"loss_type": "margin", "similarity_type": "cosine"},
    "margin of all negatives": {
        "loss_type": "margin",
        "similarity_type": "inner",
        "use_maximum_negative_similarity": False,
    },
    "unconstrained": {"constrain_similarities": False},
    "scaled loss": {"scale_loss": True},
    "intents only": {"entity_recognition": False},
    "entities only": {"intent_classification": False},
    "dense features": {"is_dense": True},
    "dense features, masked": {"is_dense": True, "use_masked_language_model": True},
    "few negatives": {"number_of_negative_examples": 2},
}

TED_CASES = {
    "default": (STORIES, {}),
    "all turns": (STORIES, {"max_history": None}),
    "relative positions": (STORIES, RELATIVE),
    "no transformer": (
        STORIES,
        {
            "number_of_transformer_layers": {
                "text": 0,
                "action_text": 0,
                "dialogue": 0,
            }
        },
    ),
    "margin": (STORIES, {"loss_type": "margin", "similarity_type": "cosine"}),
    "end to end": (END_TO_END_STORIES, {}),
    "end to end, all turns": (END_TO_END_STORIES, {"max_history": None}),
    "end to end, no entities": (END_TO_END_STORIES, {"entity_recognition": False}),
    "end to end, unidirectional": (
        END_TO_END_STORIES,
        {
            "unidirectional_encoder": True,
            "hidden_layers_sizes": {"text": [14], "action_text": []},
        },
    ),
}


@pytest.fixture(scope="module")
def dense_featurizers(tmp_path_factory):
    return Featurizers(nlu_data(), tmp_path_factory.mktemp("dense"), is_dense=True)


@pytest.fixture
def diet_twins(featurizers, dense_featurizers, tmp_path, monkeypatch):
    def make(case):
        fix_choices(monkeypatch)
        options = {**DIET, **DIET_CASES[case]}
        data = featurizers.training_data
        if options.pop("is_dense", False):
            data = dense_featurizers.training_data
        components = (RandConnDIETClassifier, DIETClassifier)
        return twins_of_classifiers(components, options, data, tmp_path)

    return make


@pytest.fixture
def ted_twins(featurizers, tmp_path, monkeypatch):
    def make(case):
        fix_choices(monkeypatch)
        stories, own = TED_CASES[case]
        components = (RandConnTEDPolicy, TEDPolicy)
        data = dialogues(stories, featurizers)
        return twins_of_policies(components, {**TED, **own}, data, tmp_path)

    return make


@pytest.mark.parametrize("case", DIET_CASES)
def test_loss_and_gradients_of_diet_are_those_of_stock(case, diet_twins):
    assert_same_loss_and_gradients(diet_twins(case))


@pytest.mark.parametrize("case", TED_CASES)
def test_loss_and_gradients_of_ted_are_those_of_stock(case, ted_twins):
    assert_same_loss_and_gradients(ted_twins(case))


@pytest.mark.parametrize("case", DIET_CASES)
def test_losses_and_accuracies_of_diet_are_those_of_stock(case, diet_twins):
    twins = diet_twins(case)
    stock = float(twins.stock_loss(training=False))
    ours, _ = twins.our_loss(training=False)
    assert ours == pytest.approx(stock, rel=1e-4)
    expected = {m.name: float(m.result()) for m in twins.stock.metrics}
    compared = {n: v for n, v in twins.metrics.means().items() if not n.endswith("f1")}
    assert compared
    for name, value in compared.items():
        assert value == pytest.approx(expected[name], rel=1e-4), name


@pytest.mark.parametrize("case", TED_CASES)
def test_losses_and_accuracies_of_ted_are_those_of_stock(case, ted_twins):
    twins = ted_twins(case)
    stock = float(twins.stock_loss(training=False))
    ours, _ = twins.our_loss(training=False)
    assert ours == pytest.approx(stock, rel=1e-4)
    expected = {m.name: float(m.result()) for m in twins.stock.metrics}
    assert twins.metrics.means()["loss"] == pytest.approx(expected["loss"], rel=1e-4)


@pytest.mark.parametrize("case", DIET_CASES)
def test_predictions_of_diet_are_those_of_stock(case, diet_twins):
    ours, stock = diet_twins(case).outputs()
    assert_same_outputs(ours, stock)
    ours, stock = ours["diagnostic_data"], stock["diagnostic_data"]
    assert set(ours) == set(stock)
    is_real = np.any(ours["text_transformed"] != 0, axis=-1)
    np.testing.assert_allclose(
        ours["text_transformed"][is_real],
        stock["text_transformed"].numpy()[is_real],
        atol=1e-4,
    )
    if ours["attention_weights"] is not None:
        weights = ours["attention_weights"]
        expected = stock["attention_weights"].numpy()
        assert weights.shape == expected.shape
        is_query = np.any(weights != 0, axis=-1)
        np.testing.assert_allclose(weights[is_query], expected[is_query], atol=1e-5)


@pytest.mark.parametrize("case", TED_CASES)
def test_predictions_of_ted_are_those_of_stock(case, ted_twins):
    assert_same_outputs(*ted_twins(case).outputs())
