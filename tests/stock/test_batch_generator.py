"""The oracle is the generator of Rasa, which pads where we keep real rows only."""

from __future__ import annotations

from typing import Any, List, Sequence

import numpy as np
import pytest
import scipy.sparse
from rasa.utils.tensorflow.data_generator import RasaBatchDataGenerator
from rasa.utils.tensorflow.feature_array import FeatureArray
from rasa.utils.tensorflow.model_data import RasaModelData

from rasa_randconn.batches.batch import Batch
from rasa_randconn.nn.features import CSRMatrix, padded
from rasa_randconn.stock.batch_generator import PreparedBatches

EXAMPLES = 23
generator = np.random.default_rng(0)


def sparse(rows: int, features: int) -> scipy.sparse.coo_matrix:
    return scipy.sparse.random(
        rows, features, density=0.3, random_state=1, dtype=np.float64
    ).tocoo()


def feature_array(items: List[Any], dimensions: int) -> FeatureArray:
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return FeatureArray(array, number_of_dimensions=dimensions)


def dialogues(make_turn: Any) -> FeatureArray:
    # the first turn of every third dialogue stands for input that is missing
    return feature_array(
        [
            feature_array(
                [
                    make_turn(0 if i % 3 == 0 and turn == 0 else 1 + turn % 2)
                    for turn in range(1 + i % 4)
                ],
                3,
            )
            for i in range(EXAMPLES)
        ],
        4,
    )


def model_data(labels_of: str = "messages") -> RasaModelData:
    # one label is more frequent than the others
    labels = np.minimum(np.arange(EXAMPLES)[:, np.newaxis] * 4 % 13, 6)
    if labels_of == "dialogues":
        labels = labels[:, :, np.newaxis]
    elif labels_of == "tokens":
        labels = np.repeat(labels, 3, axis=1)
    rows = [1 + i % 5 for i in range(EXAMPLES)]
    return RasaModelData(
        label_key="label",
        label_sub_key="ids",
        data={
            "text": {
                "sequence": [
                    feature_array([sparse(n, 40) for n in rows], 3),
                    feature_array([sparse(n, 7).tocsr() for n in rows], 3),
                    feature_array([np.full((n, 4), float(n)) for n in rows], 3),
                ],
                "sentence": [feature_array([sparse(1, 40) for _ in rows], 3)],
            },
            "intent": {
                "sentence": [
                    dialogues(lambda n: sparse(n, 9)),
                    dialogues(lambda n: np.ones((n, 3))),
                ]
            },
            "never": {"sentence": [dialogues(lambda n: sparse(0, 9))]},
            "label": {"ids": [FeatureArray(labels, number_of_dimensions=labels.ndim)]},
        },
    )


@pytest.mark.parametrize("strategy", ["sequence", "balanced"])
@pytest.mark.parametrize("batch_size", [5, [4, 11]])
@pytest.mark.parametrize("labels_of", ["messages", "dialogues", "tokens"])
def test_batches_equal_those_of_stock_over_epochs(
    strategy: str, batch_size: Any, labels_of: str
) -> None:
    def stock() -> RasaBatchDataGenerator:
        np.random.seed(3)
        return RasaBatchDataGenerator(
            model_data(labels_of), batch_size, epochs=3, batch_strategy=strategy
        )

    drawn_anew = stock()
    drawn_anew._current_epoch -= 1
    drawn_anew.on_epoch_end()
    expected_epochs = list(epochs(drawn_anew))
    np.random.seed(4)  # ours do not depend on the random numbers of the process
    batches = PreparedBatches(stock(), np.random.RandomState(3))
    batches.shuffle_anew()
    before = np.random.get_state()[1].tobytes()
    found_epochs = list(epochs(batches))
    assert np.random.get_state()[1].tobytes() == before
    assert len(found_epochs) == len(expected_epochs)
    for expected, found in zip(expected_epochs, found_epochs):
        assert len(found) == len(expected)
        for (expected_arrays, _), found_batch in zip(expected, found):
            assert_same(found_batch, expected_arrays)


def epochs(batches: Any) -> Any:
    for _ in range(3):
        yield [batches[i] for i in range(len(batches))]
        batches.on_epoch_end()


def assert_same(found: Batch, expected: Sequence[np.ndarray]) -> None:
    """Compares with stock's list: one array per dense feature, three per sparse one."""
    left = list(expected)
    for by_kind in found.values():
        for features in by_kind.values():
            for rows, lengths in features:
                if isinstance(rows, CSRMatrix):
                    indices, values, shape = (left.pop(0) for _ in range(3))
                    array = np.zeros(shape, np.float32)
                    np.add.at(array, tuple(indices.T), values)
                    assert rows.data.dtype == values.dtype
                    rows = scipy.sparse.csr_matrix(
                        (rows.data, rows.indices, rows.indptr),
                        shape=(lengths.sum(), rows.units),
                    ).toarray()
                else:
                    array = np.asarray(left.pop(0))
                    assert rows.dtype == array.dtype
                if array.ndim < 3:  # stock adds no axis for sequences of one
                    array = array[:, np.newaxis]
                longest = int(lengths.max(initial=0))
                np.testing.assert_array_equal(padded(rows, lengths, longest), array)
    assert left == []
