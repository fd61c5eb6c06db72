"""Features of states equal those of Rasa's featurizer."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from rasa.core.featurizers.single_state_featurizer import (
    SingleStateFeaturizer,
)
from rasa.shared.core.domain import Domain

from rasa_randconn.stock.state_featurizer import IntentStateFeaturizer, StateFeaturizer

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [greet, order]
    entities: [dish, city]
    slots:
      dish: {type: text, mappings: [{type: custom}]}
      price: {type: float, min_value: 0, max_value: 10, mappings: [{type: custom}]}
      size: {type: categorical, values: [small, large], mappings: [{type: custom}]}
    actions: [act_a, act_b]
    forms: {order_form: {required_slots: [dish]}}
    """
)
STATES = {
    "an intent": {
        "user": {"intent": "order"},
        "prev_action": {"action_name": "action_listen"},
    },
    "entities": {
        "user": {"intent": "order", "entities": ("city", "dish")},
        "prev_action": {"action_name": "action_listen"},
    },
    "slots": {
        "slots": {"size": (0, 1), "price": (1.0, 0.35), "dish": (1.0,)},
        "prev_action": {"action_name": "act_b"},
    },
    "slots that are zero": {"slots": {"size": (0, 0), "price": (1.0, 0.0)}},
    "a form": {"active_loop": {"name": "order_form"}},
    "names that the domain does not know": {
        "user": {"intent": "unknown", "entities": ("nothing",)},
        "prev_action": {"action_name": "action_listen"},
        "slots": {"color": (1.0,)},
        "active_loop": {"name": "other_form"},
    },
}


@pytest.fixture(scope="module")
def featurizer():
    result = SingleStateFeaturizer()
    result.prepare_for_training(DOMAIN)
    return result


@pytest.mark.parametrize("case", STATES)
def test_a_state_has_the_features_of_rasa(case, featurizer):
    ours = StateFeaturizer.like(featurizer).encode_state(STATES[case], None)
    stock = featurizer.encode_state(STATES[case], None)
    assert ours.keys() == stock.keys()
    for attribute, features in stock.items():
        for own, expected in zip(ours[attribute], features):
            assert (own.type, own.attribute, own.origin) == (
                expected.type,
                expected.attribute,
                expected.origin,
            )
            assert isinstance(own.features, scipy.sparse.coo_matrix)
            assert own.features.dtype == expected.features.dtype
            assert own.features.shape == expected.features.shape
            for part in ("row", "col", "data"):
                np.testing.assert_array_equal(
                    getattr(own.features, part), getattr(expected.features, part)
                )


def test_rows_that_states_share_cannot_be_changed(featurizer):
    ours = StateFeaturizer.like(featurizer)
    (first,) = ours.encode_state(STATES["a form"], None)["active_loop"]
    (second,) = ours.encode_state(STATES["a form"], None)["active_loop"]
    assert first is not second
    for part in ("row", "col", "data"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(first.features, part)[:] = 7
    assert second.features.data.tolist() == [1]


def test_what_is_learnt_from_a_domain_is_that_of_rasa(featurizer):
    ours = StateFeaturizer.like(SingleStateFeaturizer())
    ours.prepare_for_training(DOMAIN)
    assert ours.to_dict() == featurizer.to_dict()


@pytest.mark.parametrize(
    "ours, attribute, count",
    [
        (StateFeaturizer, "action_name", len(DOMAIN.action_names_or_texts)),
        (IntentStateFeaturizer, "intent", len(DOMAIN.intents)),
    ],
)
def test_labels_are_encoded_as_by_rasa(ours, attribute, count, featurizer):
    stock = ours.stock()
    stock.prepare_for_training(DOMAIN)
    encoded = ours.like(featurizer).encode_all_labels(DOMAIN, None)
    expected = stock.encode_all_labels(DOMAIN, None)
    assert len(encoded) == len(expected) == count
    for own, other in zip(encoded, expected):
        (found,), (features,) = own[attribute], other[attribute]
        np.testing.assert_array_equal(found.features, features.features)
        assert found.attribute == features.attribute
        assert found.origin == features.origin
