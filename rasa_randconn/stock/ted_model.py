"""TED with randomly connected layers."""

from typing import Type

from rasa.core.policies.ted_policy import TED
from rasa.core.policies.unexpected_intent_policy import IntentTED
from rasa.shared.nlu.constants import ENTITY_ATTRIBUTE_TYPE
from rasa.utils.tensorflow.constants import ENTITY_RECOGNITION

from rasa_randconn.autodiff import Parameters
from rasa_randconn.batches.model_data import StackedFeatures
from rasa_randconn.models.layer_factory import LayerFactory
from rasa_randconn.models.ted import IntentTEDNetwork, TEDNetwork
from rasa_randconn.stock.randomly_connected_model import RandomlyConnectedModel


class RandConnTED(RandomlyConnectedModel, TED):
    """Rasa's TED (Vlasov et al., 2019) on randomly connected layers."""

    component_name = "RandConnTEDPolicy"

    network_class: Type[TEDNetwork] = TEDNetwork

    def make_network(self, factory: LayerFactory, parameters: Parameters) -> TEDNetwork:
        """Makes the network after stock's plan."""
        entity_tags = sum(
            spec.num_tags
            for spec in self._entity_tag_specs or ()
            if spec.tag_name == ENTITY_ATTRIBUTE_TYPE
        )
        return self.network_class(
            factory,
            parameters,
            self.data_signature,
            self.label_signature,
            StackedFeatures(self.label_data.data).everything(),
            entity_tags if self.config[ENTITY_RECOGNITION] else 0,
            self.max_history_featurizer_is_used,
        )


class RandConnIntentTED(RandConnTED, IntentTED):
    """Rasa's `IntentTED`, which predicts intents, on randomly connected layers."""

    component_name = "RandConnUnexpecTEDIntentPolicy"
    network_class = IntentTEDNetwork
