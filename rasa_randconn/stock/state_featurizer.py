"""Features of the states of a dialogue, without a dense row for each of them."""

from __future__ import annotations

import functools
from typing import Any, List, Tuple, Type

import numpy as np
import scipy.sparse
from rasa.core.featurizers.single_state_featurizer import (
    IntentTokenizerSingleStateFeaturizer,
    SingleStateFeaturizer,
)
from rasa.shared.core.domain import Domain
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE
from rasa.shared.nlu.training_data.features import Features


class StateFeaturizer(SingleStateFeaturizer):
    """Makes the features that Rasa's featurizer makes, several times faster.

    Rasa writes the few numbers of a state into a dense row and has SciPy search that
    for them, for every turn of every dialogue.

    Attributes:
        stock: The class that it takes the place of.
    """

    stock: Type[SingleStateFeaturizer] = SingleStateFeaturizer

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

        Where the domain has a name twice, such as that of a role and a group of an
        entity, Rasa's last columns lie outside of the row. Here, both share a column.
        """
        super().prepare_for_training(domain, bilou_tagging)
        for attribute, columns in self._default_feature_states.items():
            self._default_feature_states[attribute] = {
                name: column for column, name in enumerate(columns)
            }
        self.entity_tag_specs = self._create_entity_tag_specs(bilou_tagging)

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


@functools.lru_cache(maxsize=4096)
def _sparse_row(
    numbers: Tuple[Tuple[int, float], ...], units: int
) -> scipy.sparse.coo_matrix:
    """A row with some numbers at their columns.

    The states of dialogues are few, and come again and again, so they share their rows.
    """
    columns = [column for column, _ in numbers]
    values = np.array([value for _, value in numbers], np.float32)
    indices = (np.zeros(len(columns), np.int32), np.array(columns, np.int32))
    row = scipy.sparse.coo_matrix((values, indices), (1, units))
    for array in (row.row, row.col, row.data):
        array.flags.writeable = False
    return row
