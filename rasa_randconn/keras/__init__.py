"""The randomly connected layer for Keras models of any kind."""

from rasa_randconn.keras.randomly_connected_dense import RandomlyConnectedDense

__all__ = ["RandomlyConnectedDense"]
