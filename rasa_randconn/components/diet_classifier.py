"""`RandConnDIETClassifier`, a DIET classifier with randomly connected layers."""

from __future__ import annotations

from typing import Any, Dict, Type

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.shared.nlu.training_data.training_data import TrainingData

from rasa_randconn.components.options import checked_config
from rasa_randconn.components.randomly_connected_component import (
    RandomlyConnectedComponent,
)
from rasa_randconn.models import RandConnDIET


@DefaultV1Recipe.register(
    [
        DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER,
        DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR,
    ],
    is_trainable=True,
)
class RandConnDIETClassifier(RandomlyConnectedComponent, DIETClassifier):
    """Classifies intents and extracts entities like Rasa's `DIETClassifier`.

    All options of `DIETClassifier` keep their meaning. `connection_density` may also be
    a mapping by kind of layer, and `connection_pattern` chooses how missing connections
    are drawn.
    """

    component_config: Dict[str, Any]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Stock's defaults and those of our own options."""
        return RandomlyConnectedComponent._with_own_options(
            DIETClassifier.get_default_config()
        )

    @staticmethod
    def model_class() -> Type[RandConnDIET]:
        """The model that is trained."""
        return RandConnDIET

    def _check_config_parameters(self) -> None:
        self.component_config = checked_config(type(self), self.component_config)
        super()._check_config_parameters()

    def train(self, training_data: TrainingData) -> Resource:
        """Trains the classifier (see `DIETClassifier.train`)."""
        resource = super().train(training_data)
        self._seal_if_skipped()
        return resource
