"""DIET with randomly connected layers."""

from rasa.nlu.classifiers.diet_classifier import DIET

from rasa_randconn.models.randomly_connected_model import RandomlyConnectedModel


class RandConnDIET(RandomlyConnectedModel, DIET):
    """Rasa's DIET (Bunk et al., 2020) on randomly connected layers."""
