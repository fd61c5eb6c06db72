"""TED with randomly connected layers."""

from rasa.core.policies.ted_policy import TED
from rasa.shared.nlu.constants import ENTITY_ATTRIBUTE_TYPE

from rasa_randconn.differentiation import Parameters
from rasa_randconn.models.randomly_connected_model import RandomlyConnectedModel
from rasa_randconn.models.stock_layers import LayerFactory
from rasa_randconn.models.ted_network import TEDNetwork
from rasa_randconn.training import StackedFeatures


class RandConnTED(RandomlyConnectedModel, TED):
    """Rasa's TED (Vlasov et al., 2019) on randomly connected layers."""

    def make_network(
        self, factory: LayerFactory, parameters: Parameters
    ) -> TEDNetwork:
        """Makes the network after stock's plan."""
        numbers_of_tags = {
            spec.tag_name: spec.num_tags for spec in self._entity_tag_specs or ()
        }
        return TEDNetwork(
            factory,
            parameters,
            self.config,
            self.data_signature,
            self.label_signature,
            StackedFeatures(self.label_data.data).everything(),
            numbers_of_tags.get(ENTITY_ATTRIBUTE_TYPE, 0),
            self.max_history_featurizer_is_used,
        )
