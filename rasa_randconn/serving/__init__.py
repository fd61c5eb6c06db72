"""From a message or a dialogue to a network's batch, without Rasa's model data."""

from rasa_randconn.serving.features import (
    batch_of_dialogues,
    batch_of_messages,
    kinds_of_features,
    split_predictions,
)
from rasa_randconn.serving.recent_turns import RecentTurns
from rasa_randconn.serving.state_featurizer import (
    IntentStateFeaturizer,
    StateFeaturizer,
)

__all__ = [
    "IntentStateFeaturizer",
    "RecentTurns",
    "StateFeaturizer",
    "batch_of_dialogues",
    "batch_of_messages",
    "kinds_of_features",
    "split_predictions",
]
