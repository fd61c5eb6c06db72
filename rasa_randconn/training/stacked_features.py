"""Features of all training examples in flat arrays, from which batches are cut.

Rasa keeps an array of Python objects: one matrix per example, and for dialogues one
per turn. Cutting a batch out of flat arrays takes a handful of NumPy calls, whatever
its size.
"""

from __future__ import annotations

from typing import Any, List, Sequence

import numpy as np
import scipy.sparse
from rasa.utils.tensorflow.feature_array import FeatureArray


def stacked(feature: FeatureArray) -> StackedFeature:
    """Stacks a feature of all examples.

    Args:
        feature: The feature, as Rasa holds it.
    """
    turns_of: Any = None
    matrices: Sequence[Any] = feature
    example = feature[0]
    if feature.number_of_dimensions == 4:
        # Matrices without rows stand for turns that lack this feature.
        dialogues = [[turn for turn in turns if turn.shape[0]] for turns in feature]
        turns_of = Ranges([len(turns) for turns in dialogues])
        matrices = [turn for turns in dialogues for turn in turns]
        example = example[0]
    elif not feature.is_sparse and example.ndim < 2:
        return FlatFeature(np.asarray(feature, dtype=np.float32))

    kind = SparseFeature if feature.is_sparse else DenseFeature
    return kind(matrices, example.shape[-1], turns_of)


class Ranges:
    """Consecutive ranges of positions in a flat array, one per item."""

    def __init__(self, lengths: Sequence[int]) -> None:
        """Lays ranges of these lengths side by side."""
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths

    def positions(self, items: np.ndarray) -> np.ndarray:
        """All positions of some items, in the order of the items."""
        lengths = self.lengths[items]
        ends = np.cumsum(lengths)
        shifts = self.starts[items] - (ends - lengths)
        return np.repeat(shifts, lengths) + np.arange(ends[-1] if len(ends) else 0)


class StackedFeature:
    """A feature of all training examples."""

    def batch(self, examples: np.ndarray) -> List[np.ndarray]:
        """What a model is fed of this feature.

        Args:
            examples: Which examples are in the batch.
        """
        raise NotImplementedError


class FlatFeature(StackedFeature):
    """A dense feature without a sequence: the same shape for every example."""

    def __init__(self, values: np.ndarray) -> None:
        """Takes the feature of all examples, `[examples, ...]`."""
        self.values = values

    def batch(self, examples: np.ndarray) -> List[np.ndarray]:
        """One array `[batch, ...]`."""
        return [self.values[examples]]


class _Sequences(StackedFeature):
    """A feature with one matrix per example, or one per turn of a dialogue."""

    def __init__(self, matrices: Sequence[Any], units: int, turns_of: Any) -> None:
        self.units = units
        self.turns_of = turns_of
        self.rows = Ranges([matrix.shape[0] for matrix in matrices])

    def _matrices(self, examples: np.ndarray) -> np.ndarray:
        return examples if self.turns_of is None else self.turns_of.positions(examples)

    def _longest(self, matrices: np.ndarray) -> int:
        return int(self.rows.lengths[matrices].max(initial=0))


class DenseFeature(_Sequences):
    """A dense feature of varying length."""

    def __init__(self, matrices: Sequence[Any], units: int, turns_of: Any) -> None:
        """Stacks the rows of all matrices `[rows, units]`."""
        super().__init__(matrices, units, turns_of)
        self.values = np.zeros((int(self.rows.lengths.sum()), units), np.float32)
        if len(matrices):
            np.concatenate(list(matrices), out=self.values, casting="same_kind")

    def batch(self, examples: np.ndarray) -> List[np.ndarray]:
        """One array `[matrices, longest, units]`, padded with zeros."""
        matrices = self._matrices(examples)
        lengths = self.rows.lengths[matrices]
        padded = np.zeros(
            (len(matrices), self._longest(matrices), self.units), np.float32
        )
        is_real = np.arange(padded.shape[1]) < lengths[:, np.newaxis]
        padded[is_real] = self.values[self.rows.positions(matrices)]
        return [padded]


class SparseFeature(_Sequences):
    """A sparse feature of varying length."""

    def __init__(self, matrices: Sequence[Any], units: int, turns_of: Any) -> None:
        """Stacks the values of all matrices `[rows, units]`."""
        super().__init__(matrices, units, turns_of)
        entries = [
            matrix if isinstance(matrix, scipy.sparse.coo_matrix) else matrix.tocoo()
            for matrix in matrices
        ]
        self.entries = Ranges([len(matrix.data) for matrix in entries])
        count = int(self.entries.lengths.sum())
        self.values = np.empty(count, np.float32)
        self.row_and_column = np.empty((count, 2), np.int32)
        if entries:
            np.concatenate([m.data for m in entries], out=self.values, casting="unsafe")
            for axis, name in enumerate(("row", "col")):
                self.row_and_column[:, axis] = np.concatenate(
                    [getattr(matrix, name) for matrix in entries]
                )

    def batch(self, examples: np.ndarray) -> List[np.ndarray]:
        """Indices `[values, 3]`, values `[values]` and the dense shape `[3]`."""
        matrices = self._matrices(examples)
        positions = self.entries.positions(matrices)
        indices = np.empty((len(positions), 3), np.int64)
        indices[:, 0] = np.repeat(
            np.arange(len(matrices)), self.entries.lengths[matrices]
        )
        indices[:, 1:] = self.row_and_column[positions]
        shape = np.array(
            [len(matrices), self._longest(matrices), self.units], dtype=np.int64
        )
        return [indices, self.values[positions], shape]
