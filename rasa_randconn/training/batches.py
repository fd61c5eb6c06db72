"""Batches of training data, put together without a Python object per example."""

from __future__ import annotations

from typing import Any, Iterable, List, Optional, Sequence, Tuple

import numpy as np
import scipy.sparse
import tensorflow as tf
from rasa.utils.tensorflow.data_generator import (
    RasaBatchDataGenerator,
    RasaDataGenerator,
)
from rasa.utils.tensorflow.feature_array import FeatureArray

Arrays = Tuple[Optional[np.ndarray], ...]


class PreparedBatches(tf.keras.utils.Sequence):
    """The batches of a stock generator, in the same order, made faster.

    Shuffling, balancing and batch sizes stay the generator's. Its sparse features are
    stacked by three concatenations per feature, where stock builds index arrays for
    every example: with TED that takes longer than the training step itself.
    """

    def __init__(self, generator: RasaBatchDataGenerator) -> None:
        """Wraps a generator, which must not be used by anyone else.

        Args:
            generator: What Rasa passes to `fit`.
        """
        self.generator = generator

    def __len__(self) -> int:
        """Number of batches in the current epoch."""
        return len(self.generator)

    def __getitem__(self, index: int) -> Tuple[Arrays, None]:
        """The batch at a position of the current epoch.

        Returns:
            The arrays of all features, and nothing for the targets, which Rasa has
            among the features.
        """
        size = self.generator._current_batch_size
        start = index * size
        arrays: List[Optional[np.ndarray]] = []
        for attribute_data in self.generator._data.values():
            for features in attribute_data.values():
                if not features:
                    arrays.append(None)
                for feature in features:
                    arrays.extend(batch_arrays(feature[start : start + size]))
        return tuple(arrays), None

    def on_epoch_end(self) -> None:
        """Shuffles and balances for the next epoch."""
        self.generator.on_epoch_end()


def batch_arrays(feature: FeatureArray) -> Sequence[np.ndarray]:
    """What a model is fed of one feature of a batch.

    Args:
        feature: The feature of every example, as Rasa holds it.

    Returns:
        One padded array for a dense feature; indices `[values, 3]`, values `[values]`
        and dense shape `[3]` for a sparse one.
    """
    if not feature.is_sparse:
        return [RasaDataGenerator._pad_dense_data(feature)]
    if feature.number_of_dimensions != 4:
        return _stack(feature, feature[0].shape[-1])
    # A dialogue has one matrix per turn; those without rows stand for missing input.
    turns = (turn for dialogue in feature for turn in dialogue)
    return _stack((t for t in turns if t.shape[0] > 0), feature[0][0].shape[-1])


def _stack(matrices: Iterable[Any], number_of_features: int) -> Sequence[np.ndarray]:
    """Stacks sparse matrices to one sparse tensor `[matrices, rows, features]`."""
    stacked = [
        m if isinstance(m, scipy.sparse.coo_matrix) else m.tocoo() for m in matrices
    ]
    if not stacked:
        return [
            np.empty((0, 3), dtype=np.int64),
            np.empty(0, dtype=np.float32),
            np.array([0, 0, number_of_features], dtype=np.int64),
        ]
    values = np.concatenate([m.data for m in stacked])
    indices = np.empty((len(values), 3), dtype=np.int64)
    indices[:, 0] = np.repeat(np.arange(len(stacked)), [len(m.data) for m in stacked])
    indices[:, 1] = np.concatenate([m.row for m in stacked])
    indices[:, 2] = np.concatenate([m.col for m in stacked])
    longest = max(m.shape[0] for m in stacked)
    return [
        indices,
        values.astype(np.float32),
        np.array([len(stacked), longest, number_of_features], dtype=np.int64),
    ]
