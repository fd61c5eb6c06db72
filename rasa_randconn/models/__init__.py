"""Rasa's models with randomly connected layers."""

from rasa_randconn.models.diet import RandConnDIET
from rasa_randconn.models.randomly_connected_model import RandomlyConnectedModel
from rasa_randconn.models.ted import RandConnTED

__all__ = ["RandConnDIET", "RandConnTED", "RandomlyConnectedModel"]
