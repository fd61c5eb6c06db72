"""Features of the states of a dialogue, without a dense row for each of them."""

from __future__ import annotations

import functools
from itertools import chain
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Type

import numpy as np
import scipy.sparse
from rasa.core.featurizers.precomputation import MessageContainerForCoreFeaturization
from rasa.core.featurizers.single_state_featurizer import (
    IntentTokenizerSingleStateFeaturizer,
    SingleStateFeaturizer,
)
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.extractors.extractor import EntityTagSpec
from rasa.shared.core.domain import Domain
from rasa.shared.nlu.constants import ACTION_TEXT, FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features

from rasa_randconn.batches.feature_checks import (
    check_finite,
    check_same_kinds,
    check_shapes,
    feature_error,
)


class StateFeaturizer(SingleStateFeaturizer):
    """Makes the features that Rasa's featurizer makes, several times faster.

    Rasa fills a dense row for every turn of every dialogue and lets SciPy search it
    for the few numbers that are not zero.

    Attributes:
        stock: The class that it takes the place of.
        tags_tokens: Whether the policy finds entities, so that texts must have one row
            of features for each token.
    """

    stock: Type[SingleStateFeaturizer] = SingleStateFeaturizer
    tags_tokens: bool = False

    @classmethod
    def like(cls, featurizer: SingleStateFeaturizer) -> StateFeaturizer:
        """Takes the place of one of Rasa's.

        Args:
            featurizer: What it shall equal, trained or not.
        """
        result = cls()
        result.__dict__.update(featurizer.__dict__)
        return result

    def prepare_for_training(self, domain: Domain, bilou_tagging: bool = False) -> None:
        """Numbers the columns (see `SingleStateFeaturizer.prepare_for_training`).

        If the domain has a name twice, such as that of a role and a group of an entity,
        Rasa numbers columns beyond the end of the row. Here, both share a column.
        """
        super().prepare_for_training(domain, bilou_tagging)
        for attribute, columns in self._default_feature_states.items():
            self._default_feature_states[attribute] = {
                name: column for column, name in enumerate(columns)
            }
        self.entity_tag_specs = self._create_entity_tag_specs(bilou_tagging)
        self.tags_tokens = self.tags_tokens and has_entities(self.entity_tag_specs)

    def _extract_state_features(
        self,
        sub_state: Any,
        precomputations: Optional[MessageContainerForCoreFeaturization],
        sparse: bool = False,
    ) -> Dict[str, List[Features]]:
        if precomputations is not None:
            for attribute in {TEXT, ACTION_TEXT} & set(sub_state):
                self._check_text(attribute, str(sub_state[attribute]), precomputations)
        features: Dict[str, List[Features]] = super()._extract_state_features(
            sub_state, precomputations, sparse
        )
        return features

    def _check_text(
        self,
        attribute: str,
        text: str,
        precomputations: MessageContainerForCoreFeaturization,
    ) -> None:
        """Checks the features of a text before Rasa joins those of all featurizers."""
        key = {attribute: text}
        features = precomputations.collect_features(key, [attribute])[attribute]
        tokens = None
        if attribute == TEXT and self.tags_tokens:
            tokens = precomputations.lookup_message(text).get(TOKENS_NAMES[TEXT])
        token_count = None if tokens is None else len(tokens)
        check_shapes(features, text, token_count)
        check_finite([features], [text])
        for feature in features:
            if 0 in feature.features.shape:
                reason = "they have no rows, or no columns"
                raise feature_error(feature, text, reason)

    def labels(self, domain: Domain) -> List[str]:
        """The names, or texts, of what the policy may predict."""
        actions: List[str] = domain.action_names_or_texts
        return actions

    def encode_all_labels(
        self,
        domain: Domain,
        precomputations: Optional[MessageContainerForCoreFeaturization],
    ) -> List[Dict[str, List[Features]]]:
        """The features of all labels (see `SingleStateFeaturizer.encode_all_labels`).

        Raises:
            FeatureError: If some labels have other features than others, or numbers
                that are not finite.
        """
        encoded: List[Dict[str, List[Features]]] = super().encode_all_labels(
            domain, precomputations
        )
        check_states(encoded)
        features = [list(chain.from_iterable(own.values())) for own in encoded]
        check_finite(features, self.labels(domain))
        return encoded

    def _create_features(
        self, sub_state: Any, attribute: str, sparse: bool = False
    ) -> List[Features]:
        # where features come from is Rasa's name for it, in options too
        origin = self.stock.__name__
        if not sparse:
            features: List[Features] = super()._create_features(sub_state, attribute)
            for feature in features:
                feature.origin = origin
            return features
        columns = self._default_feature_states[attribute]
        named = self._state_features_for_attribute(sub_state, attribute)
        numbers = sorted(
            (columns[name], float(value))
            for name, value in named.items()
            if value and name in columns
        )
        return [
            Features(
                _sparse_row(tuple(numbers), len(columns)),
                FEATURE_TYPE_SENTENCE,
                attribute,
                origin,
            )
        ]


class IntentStateFeaturizer(StateFeaturizer, IntentTokenizerSingleStateFeaturizer):
    """The same for policies whose labels are intents."""

    stock = IntentTokenizerSingleStateFeaturizer

    def labels(self, domain: Domain) -> List[str]:
        """The names of the intents."""
        intents: List[str] = domain.intents
        return intents


def check_states(states: Sequence[Mapping[str, Sequence[Features]]]) -> None:
    """Checks features that featurizers make of states, or of labels, by attribute.

    Raises:
        FeatureError: If some have other features than others.
    """
    for attribute in MessageContainerForCoreFeaturization.KEY_ATTRIBUTES:
        check_same_kinds([s[attribute] for s in states if s.get(attribute)])


def has_entities(tag_specs: Sequence[EntityTagSpec]) -> bool:
    """Whether there is any tag but the one for no entity."""
    return any(spec.num_tags > 1 for spec in tag_specs)


@functools.lru_cache(maxsize=4096)
def _sparse_row(
    numbers: Tuple[Tuple[int, float], ...], units: int
) -> scipy.sparse.coo_matrix:
    """A row with some numbers at their columns.

    There are few different states, so equal ones share a row.
    """
    columns = [column for column, _ in numbers]
    values = np.array([value for _, value in numbers], np.float32)
    indices = (np.zeros(len(columns), np.int32), np.array(columns, np.int32))
    row = scipy.sparse.coo_matrix((values, indices), (1, units))
    for array in (row.row, row.col, row.data):
        array.flags.writeable = False
    return row
