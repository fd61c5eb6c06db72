"""Weights, and the tape that leads from a loss back to their gradients."""

from rasa_randconn.autodiff.parameters import (
    KernelParameter,
    Parameter,
    Parameters,
    RowParameter,
    StoredLayer,
)
from rasa_randconn.autodiff.row_gradient import RowGradient
from rasa_randconn.autodiff.tape import Tape, Value

__all__ = [
    "KernelParameter",
    "Parameter",
    "Parameters",
    "RowGradient",
    "RowParameter",
    "StoredLayer",
    "Tape",
    "Value",
]
