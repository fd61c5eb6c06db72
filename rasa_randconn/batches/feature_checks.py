"""Checks features where they enter: compiled kernels check nothing."""

from __future__ import annotations

import math
import textwrap
from itertools import chain
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.training_data.features import Features

from rasa_randconn.batches.names import SENTENCE, SEQUENCE
from rasa_randconn.nn.features import CSRMatrix, Feature

_LONGEST_TEXT = 60


class FeatureError(RasaException, ValueError):
    """Features have another form than the components of this package can use."""


def check_features(
    features: Sequence[Features], text: str, token_count: Optional[int] = None
) -> None:
    """Checks the forms of the features of one text.

    Args:
        features: Its features from all featurizers.
        text: The text, for messages.
        token_count: Number of rows that features of tokens must have; any if `None`.

    Raises:
        FeatureError: If a feature is no matrix, or does not have one row per token, or
            one for the sentence.
    """
    rows, first = token_count, "the tokenizer"
    for feature in features:
        shape = feature.features.shape
        if len(shape) != 2:
            reason = f"they have {len(shape)} dimensions instead of 2"
            raise feature_error(feature.origin, text, reason)
        if feature.type == SENTENCE and shape[0] != 1:
            reason = f"they have {_rows(shape[0])} for the sentence instead of 1"
            raise feature_error(feature.origin, text, reason)
        if feature.type == SEQUENCE:
            if rows is not None and shape[0] != rows:
                found = f"{_rows(shape[0])} of tokens"
                reason = f"they have {found}, but {first} has {rows}"
                raise feature_error(feature.origin, text, reason)
            rows, first = shape[0], f"'{feature.origin}'"


def check_numbers(features: Sequence[Sequence[Features]], texts: Sequence[str]) -> None:
    """Checks the numbers of the features of texts.

    Args:
        features: The features of every text.
        texts: The texts, for messages.

    Raises:
        FeatureError: If some number is not finite.
    """
    values = [_values(feature.features) for own in features for feature in own]
    if not values or _are_finite(np.concatenate(values)):
        return
    for own, text in zip(features, texts):
        for feature in own:
            if not _are_finite(_values(feature.features)):
                reason = "they have a number that is not finite"
                raise feature_error(feature.origin, text, reason)


def check_finite(feature: Feature, attribute: str) -> None:
    """Checks the numbers of a feature of many examples.

    Args:
        feature: The feature.
        attribute: The attribute that it belongs to, for the message.

    Raises:
        FeatureError: If some number is not finite.
    """
    rows = feature.rows
    if not _are_finite(rows.data if isinstance(rows, CSRMatrix) else rows):
        raise FeatureError(
            f"The features of '{attribute}' have a number that is not finite."
        )


def _are_finite(values: np.ndarray) -> bool:
    # the sum takes less time, and is finite only if all numbers are
    return math.isfinite(values.sum()) or bool(np.isfinite(values).all())


def _values(matrix: Any) -> np.ndarray:
    """The stored numbers of a dense or sparse matrix."""
    if isinstance(matrix, np.ndarray):
        return matrix.reshape(-1)
    if matrix.format not in ("coo", "csr", "csc"):
        matrix = matrix.tocoo()
    values: np.ndarray = matrix.data
    return values


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def check_equal_forms(states: Sequence[Sequence[Features]]) -> None:
    """Checks that states of dialogues, or labels, have the same features.

    Args:
        states: Features of an attribute, of all that have some; Rasa has joined those
            of all featurizers.

    Raises:
        FeatureError: If features differ in columns or type.
    """
    expected = None
    for features in states:
        forms = sorted((f.type, f.is_sparse(), f.features.shape[1]) for f in features)
        expected = expected or forms
        if forms != expected:
            origins = dict.fromkeys(chain.from_iterable(map(_origins, features)))
            raise FeatureError(
                f"The features of {', '.join(map(repr, origins))} "
                f"({features[0].attribute}) cannot be used: some are {_named(forms)}, "
                f"others {_named(expected)}."
            )


def _origins(features: Features) -> List[str]:
    """Names of the featurizers of features, which may be joined ones."""
    return features.origin if isinstance(features.origin, list) else [features.origin]


def _named(forms: Sequence[Tuple[str, bool, int]]) -> str:
    """Forms of features in words."""
    return " and ".join(
        f"{width} {'sparse' if is_sparse else 'dense'} columns of the {feature_type}"
        for feature_type, is_sparse, width in forms
    )


def feature_error(origin: object, text: str, reason: str) -> FeatureError:
    """The error about the features that a featurizer has for a text.

    Args:
        origin: Name of the featurizer.
        text: The text.
        reason: What is wrong, a clause.
    """
    short = textwrap.shorten(text, _LONGEST_TEXT, placeholder=" ...") or text[:20]
    return FeatureError(
        f"The features of '{origin}' for the text '{short}' cannot be used: {reason}."
    )
