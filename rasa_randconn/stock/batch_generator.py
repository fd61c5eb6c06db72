"""Batches of training data, put together without a Python object per example."""

from __future__ import annotations

from typing import List, Optional

import numpy as np
from rasa.utils.tensorflow.constants import BALANCED
from rasa.utils.tensorflow.data_generator import RasaBatchDataGenerator
from rasa.utils.tensorflow.feature_array import FeatureArray
from rasa.utils.tensorflow.model_data import Data, RasaModelData

from rasa_randconn.batches.batch import Batch
from rasa_randconn.batches.model_data import StackedFeatures
from rasa_randconn.stock.global_random_numbers import global_random_numbers

_EXAMPLES = ("examples", "examples")

# Batches of about so many examples are cut in one go. More would save little time, and
# take much memory where features are dense.
_EXAMPLES_AT_ONCE = 1024


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
        # batches that were cut, and the first one's index
        self._cut: List[Batch] = []
        self._first_cut = 0
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
        if not 0 <= index - self._first_cut < len(self._cut):
            self._cut_from(index)
        return self._cut[index - self._first_cut]

    def _cut_from(self, index: int) -> None:
        """Cuts the batch at a position, and some that follow it."""
        size = self._generator._current_batch_size
        key, sub_key = self._keys_of_numbers
        (order,) = self._generator._data[key][sub_key]
        start = index * size
        end = start + max(size, _EXAMPLES_AT_ONCE // size * size)
        self._cut = self._features.batches(np.asarray(order)[start:end, 0], size)
        self._first_cut = index

    def on_epoch_end(self) -> None:
        """Shuffles and balances for the next epoch."""
        self._cut = []
        with global_random_numbers(self._random):
            self._generator.on_epoch_end()


class _LabelledNumbers(RasaModelData):
    """Numbers of examples that are balanced by the labels of these examples.

    There is no array but the numbers, in the place of the labels. Rasa asks for the
    labels of whatever it has shuffled; of dialogues it makes strings, anew in every
    epoch, and balancing cuts every array into thousands of slices.
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

    def balanced_data(self, data: Data, batch_size: int, shuffle: bool) -> Data:
        """Repeats examples with rare labels, as Rasa does, with the same numbers.

        Args:
            data: The numbers of the examples.
            batch_size: Number of examples of a batch.
            shuffle: Whether labels follow one another in random order.
        """
        numbers = np.asarray(data[self.label_key][self.label_sub_key][0])[:, 0]
        labels = self._labels[numbers]
        counts = np.bincount(labels)
        by_label = np.split(
            numbers[np.argsort(labels, kind="stable")], np.cumsum(counts)[:-1]
        )
        sizes = [int(n / self.num_examples * batch_size) + 1 for n in counts]
        starts = [0] * len(counts)
        is_repeated, is_skipped = [False] * len(counts), [False] * len(counts)
        order: List[np.ndarray] = []
        while not all(is_repeated):
            in_order = range(len(counts))
            for label in np.random.permutation(len(counts)) if shuffle else in_order:
                is_skipped[label] = is_repeated[label] and not is_skipped[label]
                if is_skipped[label]:
                    continue
                start, end = starts[label], starts[label] + sizes[label]
                order.append(by_label[label][start:end])
                starts[label] = end
                if end >= counts[label]:
                    starts[label] = 0
                    is_repeated[label] = True
                    if all(is_repeated):
                        break
        balanced = FeatureArray(np.concatenate(order)[:, np.newaxis], 2)
        return {self.label_key: {self.label_sub_key: [balanced]}}


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
