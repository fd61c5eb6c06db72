"""The batch: what a network reads in one step."""

from __future__ import annotations

from typing import Mapping, Sequence

import numpy as np

from rasa_randconn.nn.features import Feature

#: Features by attribute and feature type, as Rasa's model data has them.
Batch = Mapping[str, Mapping[str, Sequence[Feature]]]


def has(batch: Batch, attribute: str, feature_type: str) -> bool:
    """Whether there is such a feature."""
    return bool(batch.get(attribute, {}).get(feature_type))


def dense(batch: Batch, attribute: str, feature_type: str) -> np.ndarray:
    """The rows of a dense feature `[rows, units]`."""
    rows = batch[attribute][feature_type][0].rows
    assert isinstance(rows, np.ndarray)
    return rows
