"""Batches of messages to answer.

Rasa copies, pads and packs features several times before its models see them; for one
message this took longer than the prediction.
"""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Sequence

from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message

from rasa_randconn.batches.batch import Batch
from rasa_randconn.batches.joined_features import Slot, joined_features, slot_of
from rasa_randconn.batches.names import DIAGNOSTIC_DATA, SENTENCE, SEQUENCE, TEXT


def features_of(
    message: Message, attribute: str, featurizers: Optional[Sequence[str]]
) -> List[Features]:
    """The features of an attribute of a message.

    Args:
        message: The message.
        attribute: Such as its text, or its intent.
        featurizers: Names of the featurizers to consider; all if there are none.
    """
    return [
        feature
        for feature in message.features
        if feature.attribute == attribute
        and (not featurizers or feature.origin in featurizers)
    ]


def batch_of_texts(texts: Sequence[Sequence[Features]]) -> Batch:
    """Makes a batch of the features of texts, which all fill the same slots."""
    return {TEXT: joined_features(texts, texts[0])}


def slots_of(features: Sequence[Features]) -> FrozenSet[Slot]:
    """The slots that features fill; the texts of a batch need equal ones."""
    return frozenset(map(slot_of, features))


def split_predictions(outputs: Mapping[str, Any], batch: Batch) -> List[Dict[str, Any]]:
    """Splits predictions into what Rasa's model would return for each message.

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
