"""Shows what a trained model consists of, without running it."""

from rasa_randconn.inspection.errors import InspectionError
from rasa_randconn.inspection.layers import Component, Layer, randomly_connected
from rasa_randconn.inspection.reading import read_components

__all__ = [
    "Component",
    "InspectionError",
    "Layer",
    "randomly_connected",
    "read_components",
]
