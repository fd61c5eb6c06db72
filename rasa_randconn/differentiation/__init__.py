"""Weights, the way back from a loss to their gradients, and their updates."""

from rasa_randconn.differentiation.adam import Adam
from rasa_randconn.differentiation.averaging import WeightAverage
from rasa_randconn.differentiation.parameters import (
    Parameter,
    Parameters,
    RowParameter,
    StoredLayer,
)
from rasa_randconn.differentiation.tape import Tape, Value

__all__ = [
    "Adam",
    "Parameter",
    "Parameters",
    "RowParameter",
    "StoredLayer",
    "Tape",
    "Value",
    "WeightAverage",
]
