"""Batches for predictions, straight from the features of messages and dialogues.

Rasa copies, fills up and packs features several times before its models see them; for
one message this took longer than the prediction.
"""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from rasa.core.constants import DIALOGUE
from rasa.core.policies.ted_policy import LENGTH
from rasa.shared.constants import DIAGNOSTIC_DATA
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.utils.tensorflow.constants import MASK, SENTENCE, SEQUENCE

from rasa_randconn.nn.features import Batch, Feature, compressed, no_rows

#: Whether a feature is sparse, and its kind.
_Slot = Tuple[bool, str]


def batch_of_messages(
    messages: Sequence[Message], featurizers: Optional[Sequence[str]]
) -> Batch:
    """The features of texts.

    Args:
        messages: Messages that have the same kinds of features of their text.
        featurizers: Names of the featurizers to consider; all if there are none.
    """
    of_messages = [
        [
            feature
            for feature in message.features
            if feature.attribute == TEXT
            and (not featurizers or feature.origin in featurizers)
        ]
        for message in messages
    ]
    return {TEXT: _by_kind(of_messages, of_messages[0])}


def kinds_of_features(message: Message) -> FrozenSet[_Slot]:
    """What kinds of features a text has; only equal ones fit into one batch."""
    return frozenset(
        (feature.is_sparse(), feature.type)
        for feature in message.features
        if feature.attribute == TEXT
    )


def batch_of_dialogues(
    dialogues: Sequence[Sequence[Mapping[str, Sequence[Features]]]],
    examples: Mapping[str, Sequence[Features]],
    featurizers: Optional[Sequence[str]],
) -> Batch:
    """The features of dialogues.

    Args:
        dialogues: Features of every turn by attribute.
        examples: A feature of every attribute that the network knows, which says what
            is missing where a turn has none.
        featurizers: Names of the featurizers to consider; all if there are none.
    """
    turns = [turn for dialogue in dialogues for turn in dialogue]
    lengths = np.array([[len(dialogue)] for dialogue in dialogues], np.float32)
    ones = np.ones(len(dialogues), np.int64)
    batch: Dict[str, Dict[str, List[Feature]]] = {
        DIALOGUE: {LENGTH: [Feature(lengths, ones)]}
    }
    for attribute, example in examples.items():
        of_turns = [
            [
                feature
                for feature in turn.get(attribute, ())
                if not featurizers or feature.origin in featurizers
            ]
            for turn in turns
        ]
        has_some = [bool(features) for features in of_turns]
        own = _by_kind([f for f in of_turns if f], example)
        mask = np.array(has_some, np.float32)[:, np.newaxis]
        own[MASK] = [Feature(mask, ones)]
        batch[attribute] = own
    return batch


def split_predictions(outputs: Mapping[str, Any], batch: Batch) -> List[Dict[str, Any]]:
    """What stock's model would have returned for every message by itself.

    Args:
        outputs: Predictions for several messages, padded.
        batch: The features of these messages.
    """
    features = batch[TEXT]
    lengths = features[SEQUENCE][0].lengths + int(SENTENCE in features)
    if len(lengths) == 1:
        return [dict(outputs)]
    return [
        {
            name: {key: _cut(array, i, length) for key, array in value.items()}
            if name == DIAGNOSTIC_DATA
            else _cut(value, i, length if name.startswith("e_") else None)
            for name, value in outputs.items()
        }
        for i, length in enumerate(lengths)
    ]


def _cut(array: Any, example: int, length: Optional[int]) -> Any:
    if array is None:
        return None
    own = array[example : example + 1]
    if length is None:
        return own
    if own.ndim == 5:
        return own[..., :length, :length]
    return own[:, :length]


def _by_kind(
    examples: Sequence[Sequence[Features]], pattern: Sequence[Features]
) -> Dict[str, List[Feature]]:
    """Joins the features of all examples; sparse ones come first, as in Rasa."""
    slots: Dict[_Slot, List[List[Any]]] = {
        (is_sparse, kind): []
        for is_sparse in (True, False)
        for kind in dict.fromkeys(feature.type for feature in pattern)
        if any(f.is_sparse() == is_sparse and f.type == kind for f in pattern)
    }
    for features in examples:
        for (is_sparse, kind), collected in slots.items():
            collected.append(
                [
                    feature.features
                    for feature in features
                    if feature.type == kind and feature.is_sparse() == is_sparse
                ]
            )
    result: Dict[str, List[Feature]] = {}
    for (is_sparse, kind), matrices in slots.items():
        if not matrices:
            units = sum(
                feature.features.shape[-1]
                for feature in pattern
                if feature.type == kind and feature.is_sparse() == is_sparse
            )
            joined = Feature(no_rows(is_sparse, units), np.zeros(0, np.int64))
        else:
            joined = _sparse(matrices) if is_sparse else _dense(matrices)
        result.setdefault(kind, []).append(joined)
    return result


def _sparse(examples: Sequence[Sequence[Any]]) -> Feature:
    """Puts sparse matrices `[rows, features]` of every example side by side."""
    rows, columns, values, lengths = [], [], [], []
    first = units = 0
    for matrices in examples:
        shift = 0
        for matrix in matrices:
            entries = matrix if matrix.format == "coo" else matrix.tocoo()
            rows.append(entries.row + first)
            columns.append(entries.col + shift)
            values.append(entries.data)
            shift += matrix.shape[1]
        units = max(units, shift)
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
    """The same for dense matrices."""
    joined = [
        matrices[0] if len(matrices) == 1 else np.concatenate(matrices, axis=-1)
        for matrices in examples
    ]
    return Feature(
        np.ascontiguousarray(np.concatenate(joined), np.float32),
        np.array([len(matrix) for matrix in joined], np.int64),
    )
