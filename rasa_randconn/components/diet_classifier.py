"""`RandConnDIETClassifier`, a DIET classifier with randomly connected layers."""

from __future__ import annotations

from typing import Type

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.diet_classifier import DIETClassifier

from rasa_randconn.components.message_component import MessageComponent
from rasa_randconn.stock.diet_model import RandConnDIET


@DefaultV1Recipe.register(
    [
        DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER,
        DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR,
    ],
    is_trainable=True,
)
class RandConnDIETClassifier(MessageComponent, DIETClassifier):
    """Classifies intents and extracts entities like Rasa's `DIETClassifier`.

    All options of `DIETClassifier` keep their meaning. `connection_density` may also be
    a mapping by kind of layer, and `connection_pattern` says how connections are
    chosen at random.
    """

    @staticmethod
    def model_class() -> Type[RandConnDIET]:
        """The model that is trained."""
        return RandConnDIET
