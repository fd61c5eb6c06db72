"""Messages to train on have the features that Rasa would make."""

from __future__ import annotations

import numpy as np
import pytest
from rasa.shared.nlu.constants import (
    FEATURE_TYPE_SENTENCE,
    FEATURE_TYPE_SEQUENCE,
    TEXT,
)
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from scipy import sparse

from rasa_randconn.stock.training_message import TrainingMessage


def _sparse(rows, units, kind=sparse.coo_matrix):
    random = np.random.default_rng(units)
    numbers = random.integers(0, 3, size=(rows, units)).astype(np.float32)
    return kind(numbers)


def _message(*parts):
    """A message with matrices of tokens and of the sentence, each from a featurizer."""
    message = Message.build("hello you")
    for number, (kind, matrix) in enumerate(parts):
        message.add_features(Features(matrix, kind, TEXT, f"featurizer {number}"))
    return message


TOKENS, SENTENCE = FEATURE_TYPE_SEQUENCE, FEATURE_TYPE_SENTENCE
MESSAGES = {
    "several sparse ones": [
        (TOKENS, _sparse(2, 5)),
        (SENTENCE, _sparse(1, 5)),
        (TOKENS, _sparse(2, 3)),
        (TOKENS, _sparse(2, 7)),
        (SENTENCE, _sparse(1, 7)),
    ],
    "a single one": [(TOKENS, _sparse(2, 4)), (SENTENCE, _sparse(1, 4))],
    "rows": [(TOKENS, _sparse(2, 5, sparse.csr_matrix)), (TOKENS, _sparse(2, 3))],
    "dense ones": [(TOKENS, np.ones((2, 3))), (TOKENS, np.zeros((2, 4)))],
    "both": [(TOKENS, np.ones((2, 3), np.float32)), (TOKENS, _sparse(2, 4))],
    "none": [],
}


@pytest.mark.parametrize("featurizers", [None, ["featurizer 0", "featurizer 3"]])
@pytest.mark.parametrize("case", MESSAGES)
def test_features_are_those_of_rasa(case, featurizers):
    message = _message(*MESSAGES[case])
    before = [feature.features.copy() for feature in message.features]
    found = TrainingMessage.of(message).get_all_features(TEXT, featurizers)
    expected = message.get_all_features(TEXT, featurizers)
    assert len(found) == len(expected)
    for own, other in zip(found, expected):
        assert (own.type, own.attribute, own.origin) == (
            other.type,
            other.attribute,
            other.origin,
        )
        assert own.is_sparse() == other.is_sparse()
        assert own.features.shape == other.features.shape
        assert own.features.dtype == other.features.dtype
        matrices = [own.features, other.features]
        if own.is_sparse():
            matrices = [matrix.toarray() for matrix in matrices]
        np.testing.assert_array_equal(*matrices)
    for feature, matrix in zip(message.features, before):
        assert (feature.features != matrix).sum() == 0


def test_what_a_message_says_is_shared_with_it():
    message = _message(*MESSAGES["a single one"])
    training_message = TrainingMessage.of(message)
    assert isinstance(training_message, Message)
    assert training_message == message
    assert training_message.data is message.data
    assert training_message.get_sparse_feature_sizes(TEXT) == {
        TOKENS: [4],
        SENTENCE: [4],
    }


def test_features_of_different_lengths_are_the_error_of_rasa():
    message = _message((TOKENS, _sparse(2, 5)), (TOKENS, _sparse(3, 5)))
    with pytest.raises(ValueError, match="sequence dimensions do not match"):
        TrainingMessage.of(message).get_all_features(TEXT)
