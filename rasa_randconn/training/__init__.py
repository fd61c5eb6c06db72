"""How training data reaches a model and how its weights are updated."""

from rasa_randconn.training.batches import PreparedBatches
from rasa_randconn.training.fused_adam import FusedAdam
from rasa_randconn.training.loop import train

__all__ = ["FusedAdam", "PreparedBatches", "train"]
