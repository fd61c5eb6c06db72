"""`RandConnTEDPolicy`, a TED policy with randomly connected layers."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Type

from rasa.core.featurizers.precomputation import MessageContainerForCoreFeaturization
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.nlu.training_data.features import Features
from rasa.utils.tensorflow.constants import FEATURIZERS

from rasa_randconn.components.options import checked_config
from rasa_randconn.components.randomly_connected_component import (
    RandomlyConnectedComponent,
)
from rasa_randconn.models import RandConnTED
from rasa_randconn.serving import batch_of_dialogues


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITH_END_TO_END_SUPPORT, is_trainable=True
)
class RandConnTEDPolicy(RandomlyConnectedComponent, TEDPolicy):
    """Predicts the next action like Rasa's `TEDPolicy`.

    All options of `TEDPolicy` keep their meaning. `connection_density` may also be a
    mapping by kind of layer, and `connection_pattern` chooses how missing connections
    are drawn.
    """

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Stock's defaults and those of our own options."""
        return RandomlyConnectedComponent._with_own_options(
            TEDPolicy.get_default_config()
        )

    @staticmethod
    def model_class() -> Type[RandConnTED]:
        """The model that is trained."""
        return RandConnTED

    def _load_params(self, config: Dict[str, Any]) -> None:
        super()._load_params(checked_config(type(self), config))

    def train(
        self,
        training_trackers: List[TrackerWithCachedStates],
        domain: Domain,
        precomputations: Optional[MessageContainerForCoreFeaturization] = None,
        **kwargs: Any,
    ) -> Resource:
        """Trains the policy (see `TEDPolicy.train`)."""
        resource = super().train(training_trackers, domain, precomputations, **kwargs)
        self._seal_if_skipped()
        return resource

    def _create_model_data(
        self,
        tracker_state_features: List[List[Dict[str, List[Features]]]],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Features as the model takes them (see `TEDPolicy._create_model_data`).

        For predictions, which have no labels, that is a batch of the network.
        """
        if args or kwargs:
            return super()._create_model_data(tracker_state_features, *args, **kwargs)
        return batch_of_dialogues(
            tracker_state_features, self.fake_features, self.config[FEATURIZERS]
        )
