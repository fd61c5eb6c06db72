"""DIET with randomly connected layers."""

from rasa.nlu.classifiers.diet_classifier import DIET
from rasa.nlu.selectors.response_selector import DIET2BOW, DIET2DIET
from rasa.utils.tensorflow.constants import (
    ENTITY_RECOGNITION,
    MASKED_LM,
    SHARE_HIDDEN_LAYERS,
)

from rasa_randconn.autodiff import Parameters
from rasa_randconn.batches.model_data import StackedFeatures
from rasa_randconn.models.diet import DIETNetwork
from rasa_randconn.models.layer_factory import LayerFactory
from rasa_randconn.models.plan import TagSpec
from rasa_randconn.stock.randomly_connected_model import RandomlyConnectedModel


class RandConnDIET(RandomlyConnectedModel, DIET):
    """Rasa's DIET (Bunk et al., 2020) on randomly connected layers."""

    component_name = "RandConnDIETClassifier"
    label_metric = "i"
    encodes_labels = False

    def make_network(
        self, factory: LayerFactory, parameters: Parameters
    ) -> DIETNetwork:
        """Makes the network after stock's plan."""
        tag_specs = [
            TagSpec(spec.tag_name, spec.num_tags)
            for spec in self._entity_tag_specs or ()
            if self.config[ENTITY_RECOGNITION]
        ]
        return DIETNetwork(
            factory,
            parameters,
            self.data_signature,
            self.label_signature,
            StackedFeatures(self.label_data.data).everything(),
            tag_specs,
            self.label_metric,
            self.encodes_labels,
            self.config[MASKED_LM],
            self.config[SHARE_HIDDEN_LAYERS],
        )


class RandConnDIET2BOW(RandConnDIET, DIET2BOW):
    """Rasa's `DIET2BOW`, which selects responses by their keys."""

    component_name = "RandConnResponseSelector"
    label_metric = "r"


class RandConnDIET2DIET(RandConnDIET, DIET2DIET):
    """Rasa's `DIET2DIET`, which selects responses by their texts."""

    component_name = "RandConnResponseSelector"
    label_metric = "r"
    encodes_labels = True
