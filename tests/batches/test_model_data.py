"""Flat arrays of all examples, and the batches that are cut from them."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from rasa.utils.tensorflow.feature_array import FeatureArray

from rasa_randconn.batches.model_data import (
    Ranges,
    StackedFeature,
    StackedFeatures,
)
from rasa_randconn.nn.features import CSRMatrix


def feature_array(items, dimensions):
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return FeatureArray(array, number_of_dimensions=dimensions)


def sparse(*rows):
    return scipy.sparse.coo_matrix(np.array(rows, np.float64))


def dialogues(*turns_of_each):
    return feature_array([feature_array(turns, 3) for turns in turns_of_each], 4)


def test_positions_follow_the_order_of_the_items():
    ranges = Ranges([2, 0, 3, 1])
    assert ranges.positions(np.array([2, 0])).tolist() == [2, 3, 4, 0, 1]
    assert ranges.positions(np.array([1, 3, 3])).tolist() == [5, 5]
    assert ranges.positions(np.array([], dtype=int)).tolist() == []


def test_a_dense_batch_holds_real_rows_only():
    rows = [np.full((n, 2), float(n)) for n in (1, 3, 2)]
    batch = StackedFeature(feature_array(rows, 3)).batch(np.array([2, 0]))
    assert batch.rows.dtype == np.float32
    assert batch.rows.tolist() == [[2, 2], [2, 2], [1, 1]]
    assert batch.lengths.tolist() == [2, 1]


def test_a_sparse_batch_holds_compressed_rows():
    matrices = [sparse([0, 5]), sparse([1, 0], [0, 2])]
    batch = StackedFeature(feature_array(matrices, 3)).batch(np.array([1, 0]))
    rows = batch.rows
    assert rows.indptr.tolist() == [0, 1, 2, 3]
    assert rows.indices.tolist() == [0, 1, 1]
    assert rows.data.tolist() == [1, 2, 5]
    assert rows.data.dtype == np.float32
    assert rows.units == 2
    assert batch.lengths.tolist() == [2, 1]


def test_a_sparse_row_without_numbers_is_a_row():
    matrices = [sparse([0, 0], [0, 3]), sparse([0, 0])]
    batch = StackedFeature(feature_array(matrices, 3)).batch(np.array([1, 0]))
    assert batch.rows.indptr.tolist() == [0, 0, 0, 1]
    assert batch.lengths.tolist() == [1, 2]


def test_a_feature_without_a_sequence_has_one_row_per_example():
    labels = FeatureArray(np.array([[4], [5], [6]]), number_of_dimensions=2)
    batch = StackedFeature(labels).batch(np.array([2, 2, 0]))
    assert batch.rows.dtype == np.float32
    assert batch.rows.tolist() == [[6], [6], [4]]
    assert batch.lengths.tolist() == [1, 1, 1]


def test_turns_that_lack_a_feature_are_left_out():
    turns = dialogues(
        [np.ones((1, 2)), np.zeros((0, 2)), np.full((2, 2), 2.0)],
        [np.zeros((0, 2))],
        [np.full((1, 2), 3.0)],
    )
    batch = StackedFeature(turns).batch(np.array([2, 1, 0]))
    assert batch.rows[:, 0].tolist() == [3, 1, 2, 2]
    assert batch.lengths.tolist() == [1, 1, 2]


def test_a_feature_that_no_turn_has_is_empty():
    for make in (np.zeros, lambda shape: scipy.sparse.coo_matrix(shape)):
        feature = StackedFeature(dialogues([make((0, 9))], [make((0, 9))]))
        for batch in (feature.batch(np.array([1, 0])), feature.everything()):
            assert batch.lengths.tolist() == []
    assert batch.rows.units == 9
    assert batch.rows.indptr.tolist() == [0]


def test_everything_is_the_batch_of_all_examples_in_their_order():
    features = StackedFeatures(
        {
            "text": {
                "sequence": [
                    feature_array([sparse([0, 5]), sparse([1, 0], [0, 2])], 3),
                    feature_array([np.ones((1, 3)), np.full((2, 3), 2.0)], 3),
                ],
                "sentence": [],
            },
            "turns": {"mask": [dialogues([np.ones((1, 1))], [np.zeros((1, 1))])]},
        }
    )
    everything, batch = features.everything(), features.batch(np.arange(2))
    assert list(everything) == list(batch) == ["text", "turns"]
    assert list(everything["text"]) == list(batch["text"]) == ["sequence"]
    for attribute, by_kind in everything.items():
        for kind, found in by_kind.items():
            for one, other in zip(found, batch[attribute][kind]):
                np.testing.assert_array_equal(one.lengths, other.lengths)
                if isinstance(one.rows, np.ndarray):
                    np.testing.assert_array_equal(one.rows, other.rows)
                else:
                    for array, expected in zip(one.rows, other.rows):
                        np.testing.assert_array_equal(array, expected)


def test_the_users_features_are_not_changed():
    matrix, rows = sparse([0.0, 5.0]), np.ones((1, 2), np.float32)
    before = matrix.copy()
    for item in (matrix, rows):
        batch = StackedFeature(feature_array([item], 3)).batch(np.array([0]))
        numbers = batch.rows.data if isinstance(batch.rows, CSRMatrix) else batch.rows
        numbers[:] = 0
    assert (matrix != before).nnz == 0
    assert rows.tolist() == [[1, 1]]
