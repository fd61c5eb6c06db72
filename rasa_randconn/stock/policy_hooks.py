"""Public names for what `TEDPolicy` keeps private."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple, Type

import numpy as np
from rasa.core.featurizers.single_state_featurizer import SingleStateFeaturizer
from rasa.core.featurizers.tracker_featurizers import MaxHistoryTrackerFeaturizer
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.features import Features
from rasa.utils.tensorflow.constants import ENTITY_RECOGNITION, FEATURIZERS

from rasa_randconn.batches.dialogues import batch_of_dialogues
from rasa_randconn.stock.component_hooks import ComponentHooks
from rasa_randconn.stock.recent_turns import RecentTurns
from rasa_randconn.stock.state_featurizer import (
    StateFeaturizer,
    check_states,
    has_entities,
)

#: Features of every turn of a dialogue, by attribute.
Dialogue = List[Dict[str, List[Features]]]


class PolicyHooks(ComponentHooks):
    """Mixin for `TEDPolicy` and policies that derive from it.

    Predictions go straight from the features of a dialogue to a batch of the network.
    """

    state_featurizer_class: Type[StateFeaturizer] = StateFeaturizer
    config: Dict[str, Any]
    fake_features: Dict[str, List[Features]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Creates the policy (see `TEDPolicy.__init__`)."""
        super().__init__(*args, **kwargs)
        given = self.featurizer.state_featurizer
        # Rasa saves no class: a loaded featurizer is a `SingleStateFeaturizer`
        if type(given) in (SingleStateFeaturizer, self.state_featurizer_class.stock):
            own = self.state_featurizer_class.like(given)
            # a loaded policy knows its tags, a new one finds them in the domain
            own.tags_tokens = self.config[ENTITY_RECOGNITION] and (
                self.tag_specs is None or has_entities(self.tag_specs)
            )
            self.featurizer.state_featurizer = own

    @classmethod
    def final_config(cls, config: Mapping[str, Any]) -> Dict[str, Any]:
        """Checks a complete configuration and brings it into its final form."""
        raise NotImplementedError

    @classmethod
    def file_prefix(cls) -> str:
        """What the names of the policy's files start with."""
        return str(cls._metadata_filename())

    @property
    def state_columns(self) -> Any:
        """The column of every name in the features of states, by attribute."""
        return self.featurizer.state_featurizer._default_feature_states

    def _load_params(self, config: Dict[str, Any]) -> None:
        super()._load_params(self.final_config(config))

    @classmethod
    def _load_model_utilities(cls, model_path: Path) -> Dict[str, Any]:
        utilities: Dict[str, Any] = super()._load_model_utilities(model_path)
        utilities["model_config"] = cls.final_config(utilities["model_config"])
        return utilities

    def _featurize_for_training(self, *args: Any, **kwargs: Any) -> Tuple[Any, ...]:
        states, label_ids, tags = super()._featurize_for_training(*args, **kwargs)
        return states, _in_order(label_ids), tags

    def _featurize_for_prediction(
        self, tracker: DialogueStateTracker, *args: Any, **kwargs: Any
    ) -> List[Dialogue]:
        featurizer = self.featurizer
        if type(featurizer) is MaxHistoryTrackerFeaturizer and featurizer.max_history:
            tracker = RecentTurns(tracker, featurizer.max_history)
        return super()._featurize_for_prediction(tracker, *args, **kwargs)

    def _create_model_data(
        self,
        tracker_state_features: List[Dialogue],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        # predictions have no labels, and need no model data
        if args or kwargs:
            check_states(list(chain.from_iterable(tracker_state_features)))
            return super()._create_model_data(tracker_state_features, *args, **kwargs)
        return batch_of_dialogues(
            tracker_state_features, self.fake_features, self.config[FEATURIZERS]
        )


def _in_order(label_ids: np.ndarray) -> np.ndarray:
    """Sorts the labels of every example, the largest first; padding (-1) stays last.

    Rasa takes them from sets, whose order is another one in every process.
    """
    if label_ids.ndim != 2:
        return label_ids
    return -np.sort(-label_ids, axis=1)
