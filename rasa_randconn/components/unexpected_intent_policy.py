"""`RandConnUnexpecTEDIntentPolicy`, with randomly connected layers."""

from __future__ import annotations

from typing import Type

from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe

from rasa_randconn.components.randomly_connected_policy import RandomlyConnectedPolicy
from rasa_randconn.components.saved_parts import check_quantiles
from rasa_randconn.stock.intent_policy_hooks import IntentPolicyHooks
from rasa_randconn.stock.state_featurizer import IntentStateFeaturizer
from rasa_randconn.stock.ted_model import RandConnIntentTED


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITH_END_TO_END_SUPPORT, is_trainable=True
)
class RandConnUnexpecTEDIntentPolicy(
    RandomlyConnectedPolicy, IntentPolicyHooks, UnexpecTEDIntentPolicy
):
    """Notices unlikely intents like Rasa's `UnexpecTEDIntentPolicy`.

    All options of `UnexpecTEDIntentPolicy` keep their meaning.
    """

    state_featurizer_class = IntentStateFeaturizer

    @staticmethod
    def model_class() -> Type[RandConnIntentTED]:
        """The model that is trained."""
        return RandConnIntentTED

    def check_saved_parts(self) -> None:
        """Checks what was loaded beside the model (see base class)."""
        super().check_saved_parts()
        check_quantiles(self.label_quantiles)
