"""TED with randomly connected layers."""

from rasa.core.policies.ted_policy import TED

from rasa_randconn.models.randomly_connected_model import RandomlyConnectedModel


class RandConnTED(RandomlyConnectedModel, TED):
    """Rasa's TED (Vlasov et al., 2019) on randomly connected layers."""
