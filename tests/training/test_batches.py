from __future__ import annotations

from typing import Any, List

import numpy as np
import pytest
import scipy.sparse
from rasa.utils.tensorflow.data_generator import RasaBatchDataGenerator
from rasa.utils.tensorflow.feature_array import FeatureArray
from rasa.utils.tensorflow.model_data import RasaModelData

from rasa_randconn.training import PreparedBatches

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


def model_data() -> RasaModelData:
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
            "label": {
                "ids": [
                    FeatureArray(
                        np.arange(EXAMPLES)[:, np.newaxis] % 3, number_of_dimensions=2
                    )
                ]
            },
        },
    )


@pytest.mark.parametrize("strategy", ["sequence", "balanced"])
@pytest.mark.parametrize("batch_size", [5, [4, 11]])
def test_batches_equal_those_of_stock_over_epochs(
    strategy: str, batch_size: Any
) -> None:
    def stock() -> RasaBatchDataGenerator:
        np.random.seed(3)
        return RasaBatchDataGenerator(
            model_data(), batch_size, epochs=3, batch_strategy=strategy
        )

    drawn_anew = stock()
    drawn_anew._current_epoch -= 1
    drawn_anew.on_epoch_end()
    expected_epochs = list(epochs(drawn_anew))
    found_epochs = list(epochs(PreparedBatches(stock())))
    assert len(found_epochs) == len(expected_epochs)
    for expected, found in zip(expected_epochs, found_epochs):
        assert len(found) == len(expected)
        for expected_batch, found_batch in zip(expected, found):
            assert len(found_batch) == len(expected_batch)
            for expected_array, found_array in zip(expected_batch, found_batch):
                assert found_array.dtype == expected_array.dtype
                np.testing.assert_array_equal(
                    np.asarray(found_array), np.asarray(expected_array)
                )


def epochs(batches: Any) -> Any:
    for _ in range(3):
        yield [batches[i][0] for i in range(len(batches))]
        batches.on_epoch_end()
