"""DIET with randomly connected layers."""

from rasa.nlu.classifiers.diet_classifier import DIET
from rasa.utils.tensorflow.constants import ENTITY_RECOGNITION

from rasa_randconn.differentiation import Parameters
from rasa_randconn.models.diet_network import DIETNetwork
from rasa_randconn.models.randomly_connected_model import RandomlyConnectedModel
from rasa_randconn.models.stock_layers import LayerFactory
from rasa_randconn.training import StackedFeatures


class RandConnDIET(RandomlyConnectedModel, DIET):
    """Rasa's DIET (Bunk et al., 2020) on randomly connected layers."""

    def make_network(
        self, factory: LayerFactory, parameters: Parameters
    ) -> DIETNetwork:
        """Makes the network after stock's plan."""
        return DIETNetwork(
            factory,
            parameters,
            self.config,
            self.data_signature,
            self.label_signature,
            StackedFeatures(self.label_data.data).everything(),
            self._entity_tag_specs if self.config[ENTITY_RECOGNITION] else [],
        )
