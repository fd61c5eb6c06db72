from __future__ import annotations

import numpy as np
import scipy.sparse
from rasa.utils.tensorflow.feature_array import FeatureArray

from rasa_randconn.training.stacked_features import Ranges, stacked


def feature_array(items, dimensions):
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return FeatureArray(array, number_of_dimensions=dimensions)


def test_positions_follow_the_order_of_the_items():
    ranges = Ranges([2, 0, 3, 1])
    assert ranges.positions(np.array([2, 0])).tolist() == [2, 3, 4, 0, 1]
    assert ranges.positions(np.array([1, 3, 3])).tolist() == [5, 5]
    assert ranges.positions(np.array([], dtype=int)).tolist() == []


def test_a_dense_batch_is_padded_to_its_own_longest_example():
    rows = [np.full((n, 2), float(n)) for n in (1, 3, 2)]
    (batch,) = stacked(feature_array(rows, 3)).batch(np.array([2, 0]))
    assert batch.dtype == np.float32
    assert batch.tolist() == [[[2, 2], [2, 2]], [[1, 1], [0, 0]]]


def test_a_sparse_batch_is_a_sparse_tensor():
    matrices = [scipy.sparse.coo_matrix(m) for m in ([[0, 5]], [[1, 0], [0, 2]])]
    feature = stacked(feature_array(matrices, 3))
    indices, values, shape = feature.batch(np.array([1, 0]))
    assert indices.tolist() == [[0, 0, 0], [0, 1, 1], [1, 0, 1]]
    assert values.tolist() == [1, 2, 5]
    assert shape.tolist() == [2, 2, 2]


def test_a_feature_without_a_sequence_stays_as_it_is():
    labels = FeatureArray(np.array([[4], [5], [6]]), number_of_dimensions=2)
    (batch,) = stacked(labels).batch(np.array([2, 2, 0]))
    assert batch.dtype == np.float32
    assert batch.tolist() == [[6], [6], [4]]


def test_the_users_features_are_not_changed():
    matrix = scipy.sparse.coo_matrix([[0.0, 5.0]])
    before = matrix.copy()
    _, values, _ = stacked(feature_array([matrix], 3)).batch(np.array([0]))
    values[:] = 0
    assert (matrix != before).nnz == 0
