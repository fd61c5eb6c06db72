"""Sparse and dense features become columns of the same rows."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.autodiff import Tape
from rasa_randconn.nn.combined_features import CombinedFeatures
from rasa_randconn.nn.features import Feature

UNITS, DENSE_UNITS = 9, 4


def test_gradients_of_features_that_share_a_layer_are_added(
    make_sparse, assert_gradients_are_slopes, make_sparse_rows
):
    layer, first, second = (
        make_sparse(),
        make_sparse_rows(5),
        make_sparse_rows(5, seed=2),
    )
    combined = CombinedFeatures(layer, 2 * UNITS)
    lengths = np.array([5])
    features = [Feature(first, lengths), Feature(second, lengths)]
    assert_gradients_are_slopes(
        lambda tape: combined(tape, features), [layer.kernel, layer.bias]
    )


def test_sparse_and_dense_features_come_side_by_side(
    make_sparse, normal, make_sparse_rows, multiplied
):
    layer, rows, dense = make_sparse(), make_sparse_rows(5), normal(5, DENSE_UNITS)
    lengths = np.array([3, 2])
    combined = CombinedFeatures(layer, UNITS + DENSE_UNITS)
    found = combined(Tape(), [Feature(rows, lengths), Feature(dense, lengths)]).array
    expected = np.hstack([multiplied(rows, layer), dense])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_features_of_another_width_are_refused(make_sparse, normal, make_sparse_rows):
    """The kernels read as many columns as the model was trained with."""
    combined = CombinedFeatures(make_sparse(), UNITS + DENSE_UNITS)
    rows = Feature(make_sparse_rows(5), np.array([5]))
    for features in (
        [rows],
        [rows, Feature(normal(5, DENSE_UNITS + 1), np.array([5]))],
    ):
        with pytest.raises(ValueError, match=f"trained with {UNITS + DENSE_UNITS}"):
            combined(Tape(), features)
