"""Features of tokens and sentences become rows of activations."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from rasa_randconn.autodiff import Tape, Value
from rasa_randconn.kernels import in_parallel
from rasa_randconn.nn import input_features
from rasa_randconn.nn.features import CSRMatrix, Feature
from rasa_randconn.nn.hidden_layers import HiddenLayers
from rasa_randconn.nn.input_features import (
    CombinedFeatures,
    SequenceAndSentence,
    SparseLayer,
)

FEATURES, UNITS, DENSE_UNITS = 30, 9, 4
LENGTHS = np.array([3, 1, 0, 200])
TOKENS = int(LENGTHS.sum())


def sparse_rows(count, seed=1):
    rows = scipy.sparse.random(
        count, FEATURES, 0.1, "csr", np.float32, np.random.RandomState(seed)
    )
    return CSRMatrix(rows.indptr.astype(np.int64), rows.indices, rows.data, FEATURES)


def multiplied(rows, layer):
    shape = len(rows.indptr) - 1, FEATURES
    features = scipy.sparse.csr_matrix((rows.data, rows.indices, rows.indptr), shape)
    return features @ layer.kernel.array + layer.bias.array


@pytest.fixture
def make_sparse(make_parameters, normal):
    def make(*rates, path="sparse"):
        layer = SparseLayer(
            FEATURES, UNITS, *(rates or (0.0, 0.0)), 0.01, make_parameters(), path
        )
        layer.bias.array[...] = normal(UNITS)
        return layer

    return make


def test_a_sparse_layer_multiplies_and_adds_a_bias(make_sparse):
    layer, rows = make_sparse(), sparse_rows(TOKENS)
    found = layer(Tape(), rows).array
    np.testing.assert_allclose(found, multiplied(rows, layer), atol=1e-5)


@pytest.mark.parametrize("rates", [(0.0, 0.0), (0.3, 0.2)])
def test_gradients_of_a_sparse_layer_are_slopes(
    make_sparse, rates, assert_gradients_are_slopes
):
    layer, rows = make_sparse(*rates), sparse_rows(TOKENS)
    assert layer.kernel.l2 == 0.01
    assert_gradients_are_slopes(
        lambda tape: layer(tape, rows), [layer.kernel, layer.bias]
    )


def test_features_and_units_are_dropped_in_training_only(make_sparse, in_training):
    layer, rows = make_sparse(0.5, 0.5), sparse_rows(TOKENS)
    plain = layer(Tape(), rows).array
    measured = layer(Tape(np.random.default_rng(1)), rows).array
    np.testing.assert_array_equal(measured, plain)
    dropped = layer(in_training(), rows).array
    assert 0.4 < (dropped == 0).mean() < 0.6
    only_units, only_features = (make_sparse(*rates) for rates in ((0, 0.5), (0.5, 0)))
    for other in (only_units, only_features):
        other.bias.array[...] = layer.bias.array
    found = only_units(in_training(), rows).array
    np.testing.assert_allclose(found[found != 0], 2 * plain[found != 0], rtol=1e-5)
    found = only_features(in_training(), rows).array
    assert (found != 0).all() and (found != plain).any()


@pytest.mark.parametrize("rates", [(0.0, 0.0), (0.3, 0.2)])
def test_outputs_are_the_same_in_one_piece_and_in_many(
    rates, make_sparse, in_training, monkeypatch
):
    layer, rows = make_sparse(*rates), sparse_rows(TOKENS)
    sizes = []

    def counted(function, pieces):
        sizes.append(len(pieces))
        return in_parallel(function, pieces)

    monkeypatch.setattr(input_features, "in_parallel", counted)
    whole = layer(in_training(), rows).array
    monkeypatch.setattr(input_features, "_PRODUCTS_PER_PIECE", 1)
    monkeypatch.setattr(input_features, "_FEWEST_ROWS_PER_PIECE", 50)
    np.testing.assert_array_equal(layer(in_training(), rows).array, whole)
    assert sizes == [1, 5]


def test_training_says_which_rows_of_the_kernel_it_reads(make_sparse, in_training):
    layer, rows, asked = make_sparse(), sparse_rows(5), []

    def prepare(kernel, needed):
        asked.append(kernel)
        np.testing.assert_array_equal(needed, np.unique(rows.indices))

    tape = in_training(prepare_rows=prepare)
    outputs = layer(tape, rows)
    assert asked == [layer.kernel]
    outputs.add_gradient(np.ones_like(outputs.array))
    tape.backward()
    is_touched = layer.kernel.touched == 1
    np.testing.assert_array_equal(np.flatnonzero(is_touched), np.unique(rows.indices))
    assert not layer.kernel.gradient[~is_touched].any()


def test_gradients_of_features_that_share_a_layer_are_added(
    make_sparse, assert_gradients_are_slopes
):
    layer, first, second = make_sparse(), sparse_rows(5), sparse_rows(5, seed=2)
    combined = CombinedFeatures(layer, 2 * UNITS)
    lengths = np.array([5])
    features = [Feature(first, lengths), Feature(second, lengths)]
    assert_gradients_are_slopes(
        lambda tape: combined(tape, features), [layer.kernel, layer.bias]
    )


def test_sparse_and_dense_features_come_side_by_side(make_sparse, normal):
    layer, rows, dense = make_sparse(), sparse_rows(5), normal(5, DENSE_UNITS)
    lengths = np.array([3, 2])
    combined = CombinedFeatures(layer, UNITS + DENSE_UNITS)
    found = combined(Tape(), [Feature(rows, lengths), Feature(dense, lengths)]).array
    expected = np.hstack([multiplied(rows, layer), dense])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_features_of_another_width_are_refused(make_sparse, normal):
    """The kernels read as many columns as the model was trained with."""
    combined = CombinedFeatures(make_sparse(), UNITS + DENSE_UNITS)
    rows = Feature(sparse_rows(5), np.array([5]))
    for features in (
        [rows],
        [rows, Feature(normal(5, DENSE_UNITS + 1), np.array([5]))],
    ):
        with pytest.raises(ValueError, match=f"trained with {UNITS + DENSE_UNITS}"):
            combined(Tape(), features)


class TestSequenceAndSentence:
    @pytest.fixture
    def features(self, normal):
        """Those of tokens, and those of sentences."""
        count = len(LENGTHS)
        return (
            [Feature(normal(TOKENS, DENSE_UNITS), LENGTHS)],
            [Feature(normal(count, DENSE_UNITS), np.ones(count, np.int64))],
        )

    def test_a_sentence_follows_its_tokens(self, features):
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

    def test_either_of_them_may_be_missing(self, features):
        dense = CombinedFeatures(None, DENSE_UNITS)
        rows, lengths = SequenceAndSentence(dense, None)(Tape(), features[0], [])
        np.testing.assert_array_equal(rows.array, features[0][0].rows)
        np.testing.assert_array_equal(lengths, LENGTHS)
        rows, lengths = SequenceAndSentence(None, dense)(Tape(), [], features[1])
        np.testing.assert_array_equal(rows.array, features[1][0].rows)
        np.testing.assert_array_equal(lengths, np.ones(len(LENGTHS)))

    def test_unifiers_give_both_the_same_units_and_get_gradients(
        self, features, make_parameters, assert_gradients_are_slopes
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
