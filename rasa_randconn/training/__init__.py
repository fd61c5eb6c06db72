"""How training data reaches a network, and the loop over it."""

from rasa_randconn.training.batches import PreparedBatches
from rasa_randconn.training.loop import Trainer
from rasa_randconn.training.messages import TrainingMessage
from rasa_randconn.training.stacked_features import StackedFeatures

__all__ = ["PreparedBatches", "StackedFeatures", "Trainer", "TrainingMessage"]
