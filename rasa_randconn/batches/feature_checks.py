"""Checks features where they enter; the compiled kernels check nothing."""

from __future__ import annotations

import textwrap
from itertools import chain
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import (
    ACTION_NAME,
    INTENT,
    INTENT_RESPONSE_KEY,
    RESPONSE,
)
from rasa.shared.nlu.training_data.features import Features

from rasa_randconn.batches.names import SENTENCE, SEQUENCE
from rasa_randconn.nn.features import CSRMatrix, Feature

_LONGEST_TEXT = 60


# The numbers of so many texts are checked at once.
_TEXTS_AT_ONCE = 256

_LARGEST = float(np.finfo(np.float32).max)

_NOUNS = {
    INTENT: "intent",
    INTENT_RESPONSE_KEY: "response",
    RESPONSE: "response",
    ACTION_NAME: "action",
}


class FeatureError(RasaException, ValueError):
    """Features that our components cannot use."""


def check_shapes(
    features: Sequence[Features], text: str, token_count: Optional[int] = None
) -> None:
    """Checks the shapes of the features of one text, or of a label.

    Args:
        features: Its features from all featurizers.
        text: The text, for messages.
        token_count: Number of rows that features of tokens must have; any if `None`.

    Raises:
        FeatureError: If a feature is no matrix, or does not have one row per token, or
            one for the sentence.
    """
    rows, reference = token_count, "the tokenizer"
    for feature in features:
        shape = feature.features.shape
        if type(feature.features) is np.matrix:
            reason = "they are a 'numpy.matrix', not an array ('numpy.asarray' helps)"
            raise feature_error(feature, text, reason)
        if len(shape) != 2:
            reason = f"they have {len(shape)} dimensions instead of 2"
            raise feature_error(feature, text, reason)
        if feature.type == SENTENCE and shape[0] != 1:
            reason = f"they have {_rows(shape[0])} for the sentence instead of 1"
            raise feature_error(feature, text, reason)
        if feature.type == SEQUENCE:
            if rows is not None and shape[0] != rows:
                found = f"{_rows(shape[0])} of tokens"
                reason = f"they have {found}, but {reference} has {rows}"
                raise feature_error(feature, text, reason)
            rows, reference = shape[0], featurizer_name(feature.origin)


def check_finite(features: Sequence[Sequence[Features]], texts: Sequence[str]) -> None:
    """Checks the numbers of the features of texts, or of labels.

    Args:
        features: The features of every text.
        texts: The texts, for messages.

    Raises:
        FeatureError: If some number is not finite with 32 bits.
    """
    for first in range(0, len(features), _TEXTS_AT_ONCE):
        chosen = slice(first, first + _TEXTS_AT_ONCE)
        values = [_values(f.features) for own in features[chosen] for f in own]
        if values and not _are_finite(np.concatenate(values)):
            _name_infinite(features[chosen], texts[chosen])


def _name_infinite(
    features: Sequence[Sequence[Features]], texts: Sequence[str]
) -> None:
    for own, text in zip(features, texts):
        for feature in own:
            if not _are_finite(_values(feature.features)):
                reason = "they have a number that is not finite"
                raise feature_error(feature, text, reason)


def check_finite_rows(feature: Feature, attribute: str) -> None:
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
    # faster than asking for every number; NaN is neither
    return not values.size or (values.max() <= _LARGEST and values.min() >= -_LARGEST)


def _values(matrix: Any) -> np.ndarray:
    """The stored numbers of a dense or sparse matrix."""
    if isinstance(matrix, np.ndarray):
        return np.asarray(matrix).reshape(-1)
    if matrix.format not in ("coo", "csr", "csc"):
        matrix = matrix.tocoo()
    values: np.ndarray = matrix.data
    return values


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def check_same_kinds(states: Sequence[Sequence[Features]]) -> None:
    """Checks that states of dialogues, or labels, have the same features.

    Args:
        states: Features of one attribute, for each state or label that has any; Rasa
            has already joined those of all featurizers.

    Raises:
        FeatureError: If features differ in columns or type.
    """
    expected = None
    for features in states:
        kinds = sorted((f.type, f.is_sparse(), f.features.shape[1]) for f in features)
        expected = expected or kinds
        if kinds != expected:
            origins = dict.fromkeys(chain.from_iterable(map(_origins, features)))
            noun = _NOUNS.get(features[0].attribute, "text")
            raise FeatureError(
                f"Every {noun} in the dialogues must have the same features, but some "
                f"have {_described(kinds)}, others {_described(expected)}. The "
                f"featurizers are {', '.join(map(featurizer_name, origins))}."
            )


def _origins(features: Features) -> List[str]:
    """Names of the featurizers of features, which may be joined ones."""
    return features.origin if isinstance(features.origin, list) else [features.origin]


def _described(kinds: Sequence[Tuple[str, bool, int]]) -> str:
    """Kinds of features in words."""
    return " and ".join(
        f"{width} {'sparse' if is_sparse else 'dense'} columns of the {feature_type}"
        for feature_type, is_sparse, width in kinds
    )


def featurizer_name(origin: Optional[str]) -> str:
    """The name of a featurizer for messages.

    Args:
        origin: The name in its features; some of Rasa's featurizers have none unless
            the configuration gives them an `alias`.
    """
    has_none = origin is None or origin == str(None)
    return "a featurizer without 'alias'" if has_none else f"'{origin}'"


def feature_error(feature: Features, text: str, reason: str) -> FeatureError:
    """The error about a feature of a text or of a label.

    Args:
        feature: The feature.
        text: The text.
        reason: What is wrong, a clause.
    """
    noun = _NOUNS.get(feature.attribute, "text")
    short = textwrap.shorten(text, _LONGEST_TEXT, placeholder=" ...") or text[:20]
    names = ", ".join(map(featurizer_name, _origins(feature)))
    return FeatureError(
        f"The features of {names} for the {noun} '{short}' cannot be used: {reason}."
    )
