"""What our policies have in common."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Type

from rasa.core.featurizers.precomputation import MessageContainerForCoreFeaturization
from rasa.core.featurizers.single_state_featurizer import SingleStateFeaturizer
from rasa.core.featurizers.tracker_featurizers import MaxHistoryTrackerFeaturizer
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.features import Features
from rasa.utils.tensorflow.constants import FEATURIZERS

from rasa_randconn.components.options import checked_config
from rasa_randconn.components.randomly_connected_component import (
    RandomlyConnectedComponent,
)
from rasa_randconn.own_options import OWN_OPTIONS_OF_POLICIES
from rasa_randconn.serving import RecentTurns, StateFeaturizer, batch_of_dialogues


class RandomlyConnectedPolicy(RandomlyConnectedComponent):
    """Mixin for `TEDPolicy` and what derives from it.

    It checks options, seals what was trained, and predicts straight from the features
    of a dialogue.
    """

    _state_featurizer: Type[StateFeaturizer] = StateFeaturizer
    config: Dict[str, Any]
    fake_features: Dict[str, List[Features]]

    @staticmethod
    def _with_own_options(stock_defaults: Dict[str, Any]) -> Dict[str, Any]:
        return {**stock_defaults, **OWN_OPTIONS_OF_POLICIES}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Creates the policy (see `TEDPolicy.__init__`)."""
        super().__init__(*args, **kwargs)
        given = self.featurizer.state_featurizer
        # Rasa saves no class: a loaded featurizer is a `SingleStateFeaturizer`
        if type(given) in (SingleStateFeaturizer, self._state_featurizer.stock):
            self.featurizer.state_featurizer = self._state_featurizer.like(given)

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
        resource: Resource = super().train(
            training_trackers, domain, precomputations, **kwargs
        )
        self._seal_if_skipped()
        return resource

    def _featurize_for_prediction(
        self, tracker: DialogueStateTracker, *args: Any, **kwargs: Any
    ) -> List[List[Dict[str, List[Features]]]]:
        """Features of a dialogue (see `Policy._featurize_for_prediction`)."""
        featurizer = self.featurizer
        if type(featurizer) is MaxHistoryTrackerFeaturizer and featurizer.max_history:
            tracker = RecentTurns(tracker, featurizer.max_history)
        return super()._featurize_for_prediction(tracker, *args, **kwargs)

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
