"""Rows of tokens are followed by the row of their sentence."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.autodiff import Tape, Value
from rasa_randconn.nn.combined_features import CombinedFeatures
from rasa_randconn.nn.features import Feature
from rasa_randconn.nn.hidden_layers import HiddenLayers
from rasa_randconn.nn.sequence_and_sentence import SequenceAndSentence

DENSE_UNITS = 4
LENGTHS = np.array([3, 1, 0, 200])
TOKENS = int(LENGTHS.sum())


@pytest.fixture
def features(normal):
    """Those of tokens, and those of sentences."""
    count = len(LENGTHS)
    return (
        [Feature(normal(TOKENS, DENSE_UNITS), LENGTHS)],
        [Feature(normal(count, DENSE_UNITS), np.ones(count, np.int64))],
    )


def test_a_sentence_follows_its_tokens(features):
    dense = CombinedFeatures(None, DENSE_UNITS)
    layer = SequenceAndSentence(dense, dense)
    rows, lengths = layer(Tape(), *features)
    tokens, sentences = (part[0].rows for part in features)
    expected, start = [], 0
    for length, sentence in zip(LENGTHS, sentences):
        expected += [tokens[start : start + length], sentence[np.newaxis]]
        start += length
    np.testing.assert_array_equal(lengths, LENGTHS + 1)
    np.testing.assert_array_equal(rows.array, np.concatenate(expected))
    assert layer.units == DENSE_UNITS


def test_either_of_them_may_be_missing(features):
    dense = CombinedFeatures(None, DENSE_UNITS)
    rows, lengths = SequenceAndSentence(dense, None)(Tape(), features[0], [])
    np.testing.assert_array_equal(rows.array, features[0][0].rows)
    np.testing.assert_array_equal(lengths, LENGTHS)
    rows, lengths = SequenceAndSentence(None, dense)(Tape(), [], features[1])
    np.testing.assert_array_equal(rows.array, features[1][0].rows)
    np.testing.assert_array_equal(lengths, np.ones(len(LENGTHS)))


def test_unifiers_give_both_the_same_units_and_get_gradients(
    features, make_parameters, assert_gradients_are_slopes
):
    parameters = make_parameters()
    unifiers = [
        HiddenLayers(DENSE_UNITS, [6], 0.0, 0.0, parameters, path)
        for path in ("sequence", "sentence")
    ]
    dense = CombinedFeatures(None, DENSE_UNITS)
    layer = SequenceAndSentence(dense, dense, *unifiers)
    assert layer.units == 6
    rows, _ = layer(Tape(), *features)
    last = np.cumsum(LENGTHS + 1) - 1
    parts = np.delete(rows.array, last, axis=0), rows.array[last]
    for part, feature, unifier in zip(parts, features, unifiers):
        expected = unifier(Tape(), Value(feature[0].rows)).array
        np.testing.assert_allclose(part, expected, atol=1e-6)
    assert_gradients_are_slopes(
        lambda tape: layer(tape, *features)[0], list(parameters)
    )
