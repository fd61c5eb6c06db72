"""How training data reaches a model."""

from rasa_randconn.training.batches import PreparedBatches

__all__ = ["PreparedBatches"]
