"""Features of all examples in flat arrays, from which batches are cut.

Rasa keeps an array of Python objects: one matrix per example, and for dialogues one
per turn. Cutting a batch out of flat arrays takes a handful of NumPy calls, whatever
its size.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
from rasa.utils.tensorflow.feature_array import FeatureArray

from rasa_randconn.batches.batch import Batch
from rasa_randconn.batches.feature_checks import FeatureError, check_finite_rows
from rasa_randconn.kernels.csr import take_rows
from rasa_randconn.nn.features import CSRMatrix, Feature, compressed, no_rows, starts_of

_DIALOGUE_DIMENSIONS = 4


class Ranges:
    """Consecutive ranges of positions in a flat array, one per item."""

    def __init__(self, lengths: Union[Sequence[int], np.ndarray]) -> None:
        """Lays ranges of these lengths side by side."""
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths
        self._are_single = bool((self.lengths == 1).all())

    def positions(self, items: np.ndarray) -> np.ndarray:
        """All positions of some items, in the order of the items."""
        if self._are_single:
            return items
        lengths = self.lengths[items]
        ends = np.cumsum(lengths)
        shifts = self.starts[items] - (ends - lengths)
        return np.repeat(shifts, lengths) + np.arange(ends[-1] if len(ends) else 0)


class StackedFeature:
    """A feature of all examples: one matrix per example, or one per turn."""

    def __init__(self, feature: FeatureArray) -> None:
        """Stacks all matrices of a feature, as Rasa holds it."""
        self._turns_of: Optional[Ranges] = None
        # a slice of Rasa's own class takes long
        matrices: List[Any] = list(np.asarray(feature))
        if feature.number_of_dimensions == _DIALOGUE_DIMENSIONS:
            # Matrices without rows stand for turns that lack this feature.
            dialogues = [[t for t in turns if t.shape[0]] for turns in matrices]
            self._turns_of = Ranges([len(turns) for turns in dialogues])
            matrices = [turn for turns in dialogues for turn in turns]
        if feature.number_of_dimensions < 3 and not feature.is_sparse:
            matrices = [np.reshape(matrix, (1, -1)) for matrix in matrices]
        shapes = [matrix.shape for matrix in matrices]
        self._lengths = Ranges([shape[0] for shape in shapes])
        self._rows = _stacked(matrices, shapes, feature)
        if isinstance(self._rows, CSRMatrix):
            self._entry_counts = np.diff(self._rows.indptr)

    def batch(self, examples: np.ndarray) -> Feature:
        """The feature of some examples."""
        return self.batches(examples, max(1, len(examples)))[0]

    def batches(self, examples: np.ndarray, size: int) -> List[Feature]:
        """The feature of some examples, of which every batch has `size`.

        Their arrays are views of arrays for all these examples, which are gathered
        once: a slice takes much less time than gathering a batch of its own.
        """
        bounds = np.append(np.arange(0, max(1, len(examples)), size), len(examples))
        matrices = examples
        if self._turns_of is not None:
            bounds = starts_of(self._turns_of.lengths[examples])[bounds]
            matrices = self._turns_of.positions(examples)
        lengths = self._lengths.lengths[matrices]
        row_bounds = starts_of(lengths)[bounds]
        chosen = self._lengths.positions(matrices)
        lengths_of_batches = _parts(lengths, bounds)
        rows = self._rows
        if isinstance(rows, np.ndarray):
            parts = _parts(rows.take(chosen, axis=0), row_bounds)
            return list(map(Feature, parts, lengths_of_batches))
        indptr = starts_of(self._entry_counts[chosen])
        indices = np.empty(indptr[-1], np.int32)
        data = np.empty(indptr[-1], np.float32)
        take_rows(*rows[:3], chosen, indptr, indices, data)
        entry_bounds = indptr[row_bounds]
        return [
            Feature(
                CSRMatrix(
                    indptr[first : last + 1] - start,
                    own_indices,
                    own_data,
                    rows.units,
                ),
                own_lengths,
            )
            for first, last, start, own_indices, own_data, own_lengths in zip(
                row_bounds[:-1],
                row_bounds[1:],
                entry_bounds,
                _parts(indices, entry_bounds),
                _parts(data, entry_bounds),
                lengths_of_batches,
            )
        ]

    def everything(self) -> Feature:
        """The feature of all examples."""
        return Feature(self._rows, self._lengths.lengths)


class StackedFeatures:
    """All features of all examples."""

    def __init__(self, data: Mapping[str, Mapping[str, List[FeatureArray]]]) -> None:
        """Stacks the features of Rasa's model data, by attribute and feature type.

        Raises:
            FeatureError: If examples differ in columns, or a number is not finite.
        """
        self._features = {
            attribute: {
                feature_type: [StackedFeature(feature) for feature in features]
                for feature_type, features in by_type.items()
                if features
            }
            for attribute, by_type in data.items()
        }
        for attribute, features_by_type in self.everything().items():
            for feature in chain.from_iterable(features_by_type.values()):
                check_finite_rows(feature, attribute)

    def batch(self, examples: np.ndarray) -> Batch:
        """The features of some examples."""
        return self.batches(examples, max(1, len(examples)))[0]

    def batches(self, examples: np.ndarray, size: int) -> List[Batch]:
        """The features of some examples, of which every batch has `size`."""
        count = max(1, -(-len(examples) // size))
        batches: List[Dict[str, Dict[str, List[Feature]]]] = [
            {attribute: {} for attribute in self._features} for _ in range(count)
        ]
        for attribute, by_type in self._features.items():
            for feature_type, features in by_type.items():
                cut = [feature.batches(examples, size) for feature in features]
                for batch, of_batch in zip(batches, zip(*cut)):
                    batch[attribute][feature_type] = list(of_batch)
        return list(batches)

    def everything(self) -> Batch:
        """The features of all examples, in their order."""
        return {
            attribute: {
                feature_type: [feature.everything() for feature in features]
                for feature_type, features in by_type.items()
            }
            for attribute, by_type in self._features.items()
        }


def _parts(array: np.ndarray, bounds: np.ndarray) -> List[np.ndarray]:
    """The parts of an array between bounds."""
    return [array[first:last] for first, last in zip(bounds[:-1], bounds[1:])]


def _stacked(
    matrices: List[Any], shapes: List[Tuple[int, ...]], feature: FeatureArray
) -> Union[CSRMatrix, np.ndarray]:
    if not matrices:
        units = int(feature.units) if feature.number_of_dimensions > 1 else 1
        return no_rows(feature.is_sparse, units)
    widths = {shape[-1] for shape in shapes if shape[0]}
    if len(widths) > 1:
        raise FeatureError(
            f"A featurizer has {min(widths)} columns for some examples and "
            f"{max(widths)} for others."
        )
    if not feature.is_sparse:
        return np.ascontiguousarray(np.concatenate(matrices), np.float32)
    entries = [m if m.format == "coo" else m.tocoo() for m in matrices]
    starts = starts_of(np.array([shape[0] for shape in shapes]))
    counts = [len(m.data) for m in entries]
    return compressed(
        np.concatenate([m.row for m in entries]) + np.repeat(starts[:-1], counts),
        np.concatenate([m.col for m in entries]),
        np.concatenate([m.data for m in entries]),
        int(starts[-1]),
        int(feature.units),
    )
