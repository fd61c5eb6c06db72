"""With all connections and the same weights, selectors and IntentTED are as stock's."""

from __future__ import annotations

import pytest
from data_factory import (
    RETRIEVAL_NLU,
    STORIES,
    TINY_DIET,
    TINY_TED,
    Featurizers,
    create,
    dialogues,
    nlu_data,
)
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.nlu.selectors.response_selector import ResponseSelector
from stock_twin import (
    Twins,
    assert_same_loss_and_gradients,
    assert_same_outputs,
    fix_choices,
    twins_of_policies,
)

from rasa_randconn import RandConnResponseSelector, RandConnUnexpecTEDIntentPolicy

SELECTOR = {
    **{k: v for k, v in TINY_DIET.items() if not k.startswith(("transformer", "numb"))},
    "connection_density": 1.0,
    "drop_rate": 0.0,
    "hidden_layers_sizes": {"text": [14, 10], "label": [12, 10]},
}
POLICY = {
    **{k: v for k, v in TINY_TED.items() if k != "constrain_similarities"},
    "connection_density": 1.0,
    "drop_rate_dialogue": 0.0,
    "use_sparse_input_dropout": False,
    "use_dense_input_dropout": False,
    "dense_dimension": {
        name: 8
        for name in ("text", "intent", "entities", "slots", "active_loop")
        + ("action_name", "label_intent")
    },
}
TRANSFORMER = {
    "number_of_transformer_layers": 1,
    "transformer_size": 16,
    "number_of_attention_heads": 2,
    "hidden_layers_sizes": {"text": [], "label": []},
}

SELECTOR_CASES = {
    "keys": {},
    "keys, one intent": {"retrieval_intent": "faq"},
    "keys, transformer": TRANSFORMER,
    # without a transformer, stock has no features for texts of labels, and stops
    "texts": {"use_text_as_label": True, **TRANSFORMER},
    "texts, masked": {
        "use_text_as_label": True,
        "use_masked_language_model": True,
        **TRANSFORMER,
    },
    "scaled loss": {"scale_loss": True, "constrain_similarities": False},
}
POLICY_CASES = {
    "default": {},
    "unscaled loss": {"scale_loss": False},
    "few candidates": {"number_of_negative_examples": 2},
}


@pytest.fixture(scope="module")
def retrieval_featurizers(tmp_path_factory):
    return Featurizers(nlu_data(RETRIEVAL_NLU), tmp_path_factory.mktemp("retrieval"))


@pytest.fixture
def selector_twins(retrieval_featurizers, tmp_path, monkeypatch):
    def make(case):
        fix_choices(monkeypatch)
        models = []
        for component in (RandConnResponseSelector, ResponseSelector):
            options = {**SELECTOR, **SELECTOR_CASES[case]}
            selector = create(component, options, tmp_path)
            data = retrieval_featurizers.featurized(nlu_data(RETRIEVAL_NLU))
            model_data = selector.preprocess_train_data(data)
            models.append(selector._instantiate_model_class(model_data))
        return Twins(*models, model_data)

    return make


@pytest.fixture
def policy_twins(featurizers, tmp_path, monkeypatch):
    def make(case):
        fix_choices(monkeypatch)
        components = (RandConnUnexpecTEDIntentPolicy, UnexpecTEDIntentPolicy)
        options = {**POLICY, **POLICY_CASES[case]}
        data = dialogues(STORIES, featurizers)
        return twins_of_policies(components, options, data, tmp_path)

    return make


@pytest.mark.parametrize("case", SELECTOR_CASES)
def test_loss_and_gradients_of_selectors_are_those_of_stock(case, selector_twins):
    assert_same_loss_and_gradients(selector_twins(case))


@pytest.mark.parametrize("case", SELECTOR_CASES)
def test_predictions_of_selectors_are_those_of_stock(case, selector_twins):
    assert_same_outputs(*selector_twins(case).outputs())


@pytest.mark.parametrize("case", POLICY_CASES)
def test_loss_and_gradients_of_the_policy_are_those_of_stock(case, policy_twins):
    assert_same_loss_and_gradients(policy_twins(case))


@pytest.mark.parametrize("case", POLICY_CASES)
def test_metrics_of_the_policy_are_those_of_stock(case, policy_twins):
    twins = policy_twins(case)
    twins.stock_loss(training=False)
    twins.our_loss(training=False)
    expected = {metric.name: float(metric.result()) for metric in twins.stock.metrics}
    for name in ("loss", "acc"):
        found = twins.metrics.means()[name]
        assert found == pytest.approx(expected[name], rel=1e-4), name


@pytest.mark.parametrize("case", POLICY_CASES)
def test_predictions_of_the_policy_are_those_of_stock(case, policy_twins):
    assert_same_outputs(*policy_twins(case).outputs())
