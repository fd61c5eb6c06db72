"""`RandConnTEDPolicy`, a TED policy with randomly connected layers."""

from __future__ import annotations

from typing import Type

from rasa.core.policies.ted_policy import TEDPolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe

from rasa_randconn.components.randomly_connected_policy import RandomlyConnectedPolicy
from rasa_randconn.stock.ted_model import RandConnTED


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITH_END_TO_END_SUPPORT, is_trainable=True
)
class RandConnTEDPolicy(RandomlyConnectedPolicy, TEDPolicy):
    """Predicts the next action like Rasa's `TEDPolicy`.

    All options of `TEDPolicy` keep their meaning. `connection_density` may also be a
    mapping by kind of layer, and `connection_pattern` says how connections are
    chosen at random.
    """

    @staticmethod
    def model_class() -> Type[RandConnTED]:
        """The model that is trained."""
        return RandConnTED
