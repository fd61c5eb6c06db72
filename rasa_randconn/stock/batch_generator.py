"""Batches of training data, put together without a Python object per example."""

from __future__ import annotations

from typing import Optional

import numpy as np
from rasa.utils.tensorflow.constants import BALANCED
from rasa.utils.tensorflow.data_generator import RasaBatchDataGenerator
from rasa.utils.tensorflow.feature_array import FeatureArray
from rasa.utils.tensorflow.model_data import RasaModelData

from rasa_randconn.batches.batch import Batch
from rasa_randconn.batches.model_data import StackedFeatures
from rasa_randconn.stock.global_random_numbers import global_random_numbers

_EXAMPLES = ("examples", "examples")


class PreparedBatches:
    """The batches of a stock generator, made faster.

    Shuffling, balancing and batch sizes stay the generator's, but what it shuffles and
    balances is the numbers of the examples. The features themselves are stacked once
    and never moved. Stock rearranges them all in every epoch, and builds index arrays
    for every example of every batch; with TED both together took longer than training.
    """

    def __init__(
        self, generator: RasaBatchDataGenerator, random: np.random.RandomState
    ) -> None:
        """Wraps a generator, which must not be used by anyone else from here on.

        Args:
            generator: What Rasa passes to `fit`. It has to shuffle the
                current epoch anew.
            random: Where the random numbers of shuffling and balancing come from.
        """
        self._generator = generator
        self._random = random
        data = generator.model_data
        self._features = StackedFeatures(data.data)
        is_balanced = generator.batch_strategy == BALANCED
        numbered = _LabelledNumbers.of(data) if is_balanced else None
        self._keys_of_numbers = _EXAMPLES
        if numbered is not None:
            self._keys_of_numbers = numbered.label_key, numbered.label_sub_key
        generator.model_data = numbered or _numbers(data, is_balanced)
        # Rasa has shuffled once, with random numbers of the process; this is the same
        # with ours
        self.shuffle_anew()

    def shuffle_anew(self) -> None:
        """Shuffles and balances the current epoch once more."""
        self._generator._current_epoch -= 1
        self.on_epoch_end()

    def __len__(self) -> int:
        """Number of batches in the current epoch."""
        return len(self._generator)

    def __getitem__(self, index: int) -> Batch:
        """The batch at a position of the current epoch."""
        size = self._generator._current_batch_size
        key, sub_key = self._keys_of_numbers
        (order,) = self._generator._data[key][sub_key]
        examples = np.asarray(order)[index * size : (index + 1) * size, 0]
        return self._features.batch(examples)

    def on_epoch_end(self) -> None:
        """Shuffles and balances for the next epoch."""
        with global_random_numbers(self._random):
            self._generator.on_epoch_end()


class _LabelledNumbers(RasaModelData):
    """Numbers of examples that are balanced by the labels of these examples.

    Balancing cuts every array that it is given into thousands of slices, so there is
    no array but the numbers, in the place of the labels. Rasa asks for the labels of
    whatever it has shuffled; of dialogues it makes strings, anew in every epoch.
    """

    def __init__(
        self, key: str, sub_key: str, numbers: FeatureArray, labels: np.ndarray
    ) -> None:
        super().__init__(key, sub_key, {key: {sub_key: [numbers]}})
        self._labels = labels

    @staticmethod
    def of(data: RasaModelData) -> Optional[_LabelledNumbers]:
        """Numbers the examples, or returns `None` where they have not one label each.

        Rasa does not balance these.
        """
        key, sub_key = data.label_key, data.label_sub_key
        if key not in data.data or sub_key not in data.data[key]:
            return None
        labels = data.data[key][sub_key][0]
        if labels[0].size != 1:
            return None
        ids = np.asarray(RasaModelData._create_label_ids(labels))
        # numbers in the order in which Rasa balances labels
        _, numbers_of_labels = np.unique(ids, return_inverse=True)
        return _LabelledNumbers(key, sub_key, _numbered(data), numbers_of_labels)

    def _create_label_ids(self, label_ids: FeatureArray) -> np.ndarray:
        return self._labels[np.asarray(label_ids)[:, 0]]


def _numbers(data: RasaModelData, is_balanced: bool) -> RasaModelData:
    """Numbers of examples; balancing looks at their labels before it does nothing."""
    key, sub_key = data.label_key, data.label_sub_key
    features = {_EXAMPLES[0]: {_EXAMPLES[1]: [_numbered(data)]}}
    if is_balanced and key in data.data and sub_key in data.data[key]:
        features[key] = {sub_key: data.data[key][sub_key]}
    return RasaModelData(key, sub_key, features)


def _numbered(data: RasaModelData) -> FeatureArray:
    numbers = np.arange(data.number_of_examples())[:, np.newaxis]
    return FeatureArray(numbers, number_of_dimensions=2)
