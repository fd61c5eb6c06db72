"""Joins the features of several messages or turns, without Rasa's model data."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
from rasa.shared.nlu.training_data.features import Features

from rasa_randconn.batches.feature_checks import FeatureError
from rasa_randconn.nn.features import Feature, compressed, no_rows

#: A place for features: whether they are sparse, and their feature type.
Slot = Tuple[bool, str]


def slot_of(feature: Features) -> Slot:
    """The slot that a feature belongs to."""
    return feature.is_sparse(), feature.type


def joined_features(
    examples: Sequence[Sequence[Features]], template: Sequence[Features]
) -> Dict[str, List[Feature]]:
    """Joins the features of all examples by feature type.

    Sparse features come before dense ones, as in Rasa.

    Args:
        examples: The features of every example.
        template: Features of one example, whose slots all examples have, and whose
            number of columns.

    Raises:
        FeatureError: If an example has another number of columns or of rows.
    """
    units_of: Dict[Slot, int] = {}
    for feature in template:
        slot = slot_of(feature)
        units_of[slot] = units_of.get(slot, 0) + feature.features.shape[-1]
    feature_types = dict.fromkeys(feature.type for feature in template)
    slots: Dict[Slot, List[List[Any]]] = {
        (is_sparse, feature_type): []
        for is_sparse in (True, False)
        for feature_type in feature_types
        if (is_sparse, feature_type) in units_of
    }
    for features in examples:
        for collected in slots.values():
            collected.append([])
        for feature in features:
            slot = slot_of(feature)
            if slot in slots:
                slots[slot][-1].append(feature.features)
    result: Dict[str, List[Feature]] = {}
    for slot, matrices in slots.items():
        is_sparse, feature_type = slot
        units = units_of[slot]
        for example in matrices:
            found = sum(matrix.shape[-1] for matrix in example)
            if found != units:
                storage = "sparse" if is_sparse else "dense"
                raise FeatureError(
                    f"The {storage} features of the {feature_type} of a text have "
                    f"{found} columns together, instead of {units}. Some featurizer "
                    f"has none for this text."
                )
        if not matrices:
            joined = Feature(no_rows(is_sparse, units), np.zeros(0, np.int64))
        else:
            joined = _sparse(matrices, units) if is_sparse else _dense(matrices)
        result.setdefault(feature_type, []).append(joined)
    return result


def _sparse(examples: Sequence[Sequence[Any]], units: int) -> Feature:
    """Concatenates the sparse matrices `[rows, features]` of every example."""
    rows, columns, values, lengths = [], [], [], []
    first = 0
    for matrices in examples:
        _check_rows(matrices)
        shift = 0
        for matrix in matrices:
            entries = matrix if matrix.format == "coo" else matrix.tocoo()
            rows.append(entries.row + first)
            columns.append(entries.col + shift)
            values.append(entries.data)
            shift += matrix.shape[1]
        lengths.append(matrices[0].shape[0])
        first += lengths[-1]
    return Feature(
        compressed(
            np.concatenate(rows),
            np.concatenate(columns),
            np.concatenate(values),
            first,
            units,
        ),
        np.array(lengths, np.int64),
    )


def _dense(examples: Sequence[Sequence[Any]]) -> Feature:
    """Concatenates the dense matrices `[rows, units]` of every example."""
    for matrices in examples:
        _check_rows(matrices)
    joined = [
        matrices[0] if len(matrices) == 1 else np.concatenate(matrices, axis=-1)
        for matrices in examples
    ]
    return Feature(
        np.ascontiguousarray(np.concatenate(joined), np.float32),
        np.array([len(matrix) for matrix in joined], np.int64),
    )


def _check_rows(matrices: Sequence[Any]) -> None:
    """Checks that the matrices of an example have equally many rows."""
    rows = {matrix.shape[0] for matrix in matrices}
    if len(rows) > 1:
        raise FeatureError(f"The features of one text have {sorted(rows)} rows.")
