"""What our policies have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Set, Type, TypeVar

import numpy as np
from rasa.core.featurizers.precomputation import MessageContainerForCoreFeaturization
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import ACTION_TEXT, ENTITY_TAGS, INTENT, TEXT
from rasa.utils.tensorflow.constants import FEATURIZERS, SENTENCE, SEQUENCE
from rasa.utils.tensorflow.model_data import RasaModelData

from rasa_randconn.components.randomly_connected_component import (
    RandomlyConnectedComponent,
)
from rasa_randconn.components.saved_parts import (
    check_max_history,
    check_stand_ins,
    check_states,
    check_tag_specs,
)
from rasa_randconn.components.text_feature_sizes import (
    TextFeatureSizes,
    read_sizes,
    text_feature_sizes,
    write_sizes,
)
from rasa_randconn.stock.policy_hooks import PolicyHooks

PolicyT = TypeVar("PolicyT", bound="RandomlyConnectedPolicy")


class RandomlyConnectedPolicy(RandomlyConnectedComponent, PolicyHooks):
    """Mixin for `TEDPolicy` and what derives from it.

    It checks options, writes the manifest of what was trained, and makes room for new
    words when it is finetuned.
    """

    finetune_mode: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Creates the policy (see `TEDPolicy.__init__`)."""
        super().__init__(*args, **kwargs)
        self._text_feature_sizes: TextFeatureSizes = {}
        self._sizes_before: TextFeatureSizes = {}

    def train(
        self,
        training_trackers: List[TrackerWithCachedStates],
        domain: Domain,
        precomputations: Optional[MessageContainerForCoreFeaturization] = None,
        **kwargs: Any,
    ) -> Resource:
        """Trains the policy (see `TEDPolicy.train`)."""
        self._is_as_loaded = False
        known = self._text_feature_sizes
        now = text_feature_sizes(precomputations, self.config[FEATURIZERS])
        # what is known of an attribute that has no texts this time is still true
        self._text_feature_sizes = {**known, **now}
        self._sizes_before = {key: known[key] for key in now if key in known}
        resource: Resource = super().train(
            training_trackers, domain, precomputations, **kwargs
        )
        # stock finds that out when a policy is created, before it is trained
        self.only_e2e = TEXT in self.fake_features and INTENT not in self.fake_features
        self._write_manifest_if_skipped()
        return resource

    def run_training(
        self, model_data: RasaModelData, label_ids: Optional[np.ndarray] = None
    ) -> None:
        """Trains the model (see `TEDPolicy.run_training`).

        Unlike stock, it makes room for words that finetuning has brought.

        Raises:
            RasaException: If texts have features only of their tokens or only of the
                sentence, if there are fewer features than before, or not the same
                feature types as in the first training.
        """
        self._check_texts(model_data)
        if self.finetune_mode and self.model is not None:
            known = self.model.data_signature
            self._check_feature_types(model_data, known)
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

    def _check_texts(self, model_data: RasaModelData) -> None:
        """The encoder of texts takes tokens and their sentence together."""
        signature = model_data.get_signature()
        for attribute in (TEXT, ACTION_TEXT):
            found = {SEQUENCE, SENTENCE} & set(signature.get(attribute, {}))
            if len(found) == 1:
                raise RasaException(
                    f"'{type(self).__name__}' needs features of the tokens and of the "
                    f"sentence of the texts in its stories ({attribute}), but the "
                    f"featurizers have only those of the {found.pop()}."
                )

    def _check_feature_types(
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
        write_sizes(self._text_feature_sizes, model_path, self.file_prefix())

    def check_saved_parts(self) -> None:
        """Checks what was loaded beside the model (see base class)."""
        super().check_saved_parts()
        assert self.model is not None
        check_tag_specs(self.tag_specs)
        check_stand_ins(self.fake_features, self.model.data_signature)
        check_states(self.state_columns)
        # only some of Rasa's featurizers have one
        check_max_history(getattr(self.featurizer, "max_history", None))

    @classmethod
    def _load_checked(cls: Type[PolicyT], folder: Path, *args: Any) -> PolicyT:
        policy = super()._load_checked(folder, *args)
        policy._text_feature_sizes = read_sizes(folder, cls.file_prefix())
        return policy


def _attributes_with_features(signature: Mapping[str, Mapping[str, Any]]) -> Set[str]:
    return {
        attribute
        for attribute, feature_types in signature.items()
        if SENTENCE in feature_types or attribute == ENTITY_TAGS
    }
