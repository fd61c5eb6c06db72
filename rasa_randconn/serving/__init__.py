"""From a message or a dialogue to a network's batch, without Rasa's model data."""

from rasa_randconn.serving.features import (
    batch_of_dialogues,
    batch_of_messages,
    kinds_of_features,
    split_predictions,
)

__all__ = [
    "batch_of_dialogues",
    "batch_of_messages",
    "kinds_of_features",
    "split_predictions",
]
