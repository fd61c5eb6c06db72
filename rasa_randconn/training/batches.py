"""Batches of training data, put together without a Python object per example."""

from __future__ import annotations

from typing import Dict, List

import numpy as np
from rasa.utils.tensorflow.constants import BALANCED
from rasa.utils.tensorflow.data_generator import RasaBatchDataGenerator
from rasa.utils.tensorflow.feature_array import FeatureArray
from rasa.utils.tensorflow.model_data import RasaModelData

from rasa_randconn.network.features import Batch
from rasa_randconn.training.stacked_features import StackedFeatures

_EXAMPLES = "examples"


class PreparedBatches:
    """The batches of a stock generator, made faster.

    Shuffling, balancing and batch sizes stay the generator's, but what it shuffles and
    balances is the numbers of the examples. The features themselves are stacked once
    and never moved. Stock rearranges them all in every epoch, and builds index arrays
    for every example of every batch; with TED both together took longer than training.
    """

    def __init__(self, generator: RasaBatchDataGenerator) -> None:
        """Wraps a generator, which must not be used by anyone else from here on.

        Args:
            generator: What Rasa passes to `fit`. It is made to draw the order of the
                current epoch anew.
        """
        self._generator = generator
        data = generator.model_data
        self._features = StackedFeatures(data.data)
        is_balanced = generator.batch_strategy == BALANCED
        generator.model_data = _numbered_examples(data, is_balanced)
        generator._current_epoch -= 1
        generator.on_epoch_end()

    def __len__(self) -> int:
        """Number of batches in the current epoch."""
        return len(self._generator)

    def __getitem__(self, index: int) -> Batch:
        """The batch at a position of the current epoch."""
        size = self._generator._current_batch_size
        (order,) = self._generator._data[_EXAMPLES][_EXAMPLES]
        examples = np.asarray(order)[index * size : (index + 1) * size, 0]
        return self._features.batch(examples)

    def on_epoch_end(self) -> None:
        """Shuffles and balances for the next epoch."""
        self._generator.on_epoch_end()


def _numbered_examples(data: RasaModelData, is_balanced: bool) -> RasaModelData:
    """Data in which the examples have a number and their label, and nothing else."""
    numbers = np.arange(data.number_of_examples())[:, np.newaxis]
    features: Dict[str, Dict[str, List[FeatureArray]]] = {
        _EXAMPLES: {_EXAMPLES: [_flat(numbers)]}
    }
    if data.label_key in data.data and data.label_sub_key in data.data[data.label_key]:
        labels = data.data[data.label_key][data.label_sub_key]
        if is_balanced and labels[0][0].size == 1:
            labels = [_numbered_labels(labels[0])]
        features[data.label_key] = {data.label_sub_key: labels}
    return RasaModelData(data.label_key, data.label_sub_key, features)


def _numbered_labels(labels: FeatureArray) -> FeatureArray:
    """A number for every label, in the order in which Rasa balances labels.

    Rasa makes strings of the labels of dialogues, anew in every epoch.
    """
    ids = np.asarray(RasaModelData._create_label_ids(labels))
    _, numbers = np.unique(ids, return_inverse=True)
    return _flat(numbers[:, np.newaxis])


def _flat(numbers: np.ndarray) -> FeatureArray:
    return FeatureArray(numbers, number_of_dimensions=2)
