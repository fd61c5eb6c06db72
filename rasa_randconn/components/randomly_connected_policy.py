"""What our policies have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Set, Type, TypeVar

import numpy as np
from rasa.core.featurizers.precomputation import MessageContainerForCoreFeaturization
from rasa.core.featurizers.single_state_featurizer import SingleStateFeaturizer
from rasa.core.featurizers.tracker_featurizers import MaxHistoryTrackerFeaturizer
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import ENTITY_TAGS
from rasa.shared.nlu.training_data.features import Features
from rasa.utils.tensorflow.constants import FEATURIZERS, SENTENCE
from rasa.utils.tensorflow.model_data import RasaModelData

from rasa_randconn.batches.dialogues import batch_of_dialogues
from rasa_randconn.components.options import checked_config
from rasa_randconn.components.randomly_connected_component import (
    RandomlyConnectedComponent,
)
from rasa_randconn.components.text_feature_sizes import (
    TextFeatureSizes,
    read_sizes,
    text_feature_sizes,
    write_sizes,
)
from rasa_randconn.options import OWN_OPTIONS_OF_POLICIES
from rasa_randconn.stock.recent_turns import RecentTurns
from rasa_randconn.stock.state_featurizer import StateFeaturizer

PolicyT = TypeVar("PolicyT", bound="RandomlyConnectedPolicy")


class RandomlyConnectedPolicy(RandomlyConnectedComponent):
    """Mixin for `TEDPolicy` and what derives from it.

    It checks options, seals what was trained, and predicts straight from the features
    of a dialogue.
    """

    _state_featurizer: Type[StateFeaturizer] = StateFeaturizer
    config: Dict[str, Any]
    fake_features: Dict[str, List[Features]]
    finetune_mode: bool

    @staticmethod
    def _with_own_options(stock_defaults: Dict[str, Any]) -> Dict[str, Any]:
        return {**stock_defaults, **OWN_OPTIONS_OF_POLICIES}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Creates the policy (see `TEDPolicy.__init__`)."""
        super().__init__(*args, **kwargs)
        self._text_feature_sizes: TextFeatureSizes = {}
        self._sizes_before: TextFeatureSizes = {}
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
        known = self._text_feature_sizes
        now = text_feature_sizes(precomputations, self.config[FEATURIZERS])
        # what is known of an attribute that has no texts this time is still true
        self._text_feature_sizes = {**known, **now}
        self._sizes_before = {key: known[key] for key in now if key in known}
        resource: Resource = super().train(
            training_trackers, domain, precomputations, **kwargs
        )
        self._seal_if_skipped()
        return resource

    def run_training(
        self, model_data: RasaModelData, label_ids: Optional[np.ndarray] = None
    ) -> None:
        """Trains the model (see `TEDPolicy.run_training`).

        Unlike stock, it makes room for words that finetuning has brought.

        Raises:
            RasaException: If there are fewer features than before, or such of a new
                kind, or none of a kind that there was.
        """
        if self.finetune_mode and self.model is not None:
            known = self.model.data_signature
            self._check_kinds(model_data, known)
            # Rasa computes features of texts that no state of a dialogue holds, too
            sizes_before = {
                attribute: sizes
                for attribute, sizes in self._sizes_before.items()
                if SENTENCE in known.get(attribute, {})
            }
            self.model.adjust_for_incremental_training(
                model_data.first_data_example(),
                {key: self._text_feature_sizes[key] for key in sizes_before},
                sizes_before,
            )
        super().run_training(model_data, label_ids)

    def _check_kinds(
        self, model_data: RasaModelData, known: Dict[str, Dict[str, Any]]
    ) -> None:
        """The model has weights for what its stories had, and for nothing else."""
        now = _attributes_with_features(model_data.get_signature())
        before = _attributes_with_features(known)
        for difference, before_have, now_have in (
            (now - before, "have no", "do"),
            (before - now, "have", "do not"),
        ):
            if difference:
                names = ", ".join(sorted(difference))
                raise RasaException(
                    f"'{type(self).__name__}' cannot be finetuned: the stories that it "
                    f"was trained on {before_have} features of {names}, these "
                    f"{now_have}. Please train it from scratch."
                )

    def persist_model_utilities(self, model_path: Path) -> None:
        """Saves everything but the model (see `TEDPolicy.persist_model_utilities`)."""
        super().persist_model_utilities(model_path)
        write_sizes(self._text_feature_sizes, model_path, self._metadata_filename())

    @classmethod
    def _load_checked(cls: Type[PolicyT], folder: Path, *args: Any) -> PolicyT:
        policy = super()._load_checked(folder, *args)
        policy._text_feature_sizes = read_sizes(folder, cls._metadata_filename())
        return policy

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


def _attributes_with_features(signature: Mapping[str, Mapping[str, Any]]) -> Set[str]:
    return {
        attribute
        for attribute, kinds in signature.items()
        if SENTENCE in kinds or attribute == ENTITY_TAGS
    }
