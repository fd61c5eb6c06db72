"""Keras layers that store and compute existing connections only."""

from rasa_randconn.layers.conditional_random_field import ConditionalRandomField
from rasa_randconn.layers.connection_settings import (
    ATTENTION,
    EMBEDDING,
    FEED_FORWARD,
    HIDDEN_LAYERS,
    KINDS,
    ConnectionSettings,
)
from rasa_randconn.layers.dropout import Dropout
from rasa_randconn.layers.hidden_layers import HiddenLayers
from rasa_randconn.layers.randomly_connected_dense import RandomlyConnectedDense

__all__ = [
    "ATTENTION",
    "EMBEDDING",
    "FEED_FORWARD",
    "HIDDEN_LAYERS",
    "KINDS",
    "ConditionalRandomField",
    "ConnectionSettings",
    "Dropout",
    "HiddenLayers",
    "RandomlyConnectedDense",
]
