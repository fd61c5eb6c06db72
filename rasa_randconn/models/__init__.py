"""Rasa's models with randomly connected layers."""

from rasa_randconn.models.diet import (
    RandConnDIET,
    RandConnDIET2BOW,
    RandConnDIET2DIET,
)
from rasa_randconn.models.randomly_connected_model import RandomlyConnectedModel
from rasa_randconn.models.ted import RandConnIntentTED, RandConnTED

__all__ = [
    "RandConnDIET",
    "RandConnDIET2BOW",
    "RandConnDIET2DIET",
    "RandConnIntentTED",
    "RandConnTED",
    "RandomlyConnectedModel",
]
