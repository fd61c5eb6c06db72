"""Batches of dialogues whose next action is to be predicted."""

from __future__ import annotations

from itertools import chain
from typing import Dict, List, Mapping, Optional, Sequence

import numpy as np
from rasa.shared.nlu.training_data.features import Features

from rasa_randconn.batches.batch import Batch
from rasa_randconn.batches.feature_checks import check_finite_rows
from rasa_randconn.batches.joined_features import joined_features
from rasa_randconn.batches.names import DIALOGUE, LENGTH, MASK
from rasa_randconn.nn.features import Feature


def batch_of_dialogues(
    dialogues: Sequence[Sequence[Mapping[str, Sequence[Features]]]],
    examples: Mapping[str, Sequence[Features]],
    featurizers: Optional[Sequence[str]],
) -> Batch:
    """The features of dialogues.

    Args:
        dialogues: Features of every turn by attribute.
        examples: A feature of every attribute that the network knows, which says what
            is missing where a turn has none.
        featurizers: Names of the featurizers to consider; all if there are none.

    Raises:
        FeatureError: If features have another form than those of the examples, or
            numbers that are not finite.
    """
    turns = [turn for dialogue in dialogues for turn in dialogue]
    lengths = np.array([[len(dialogue)] for dialogue in dialogues], np.float32)
    ones = np.ones(len(dialogues), np.int64)
    batch: Dict[str, Dict[str, List[Feature]]] = {
        DIALOGUE: {LENGTH: [Feature(lengths, ones)]}
    }
    for attribute, example in examples.items():
        of_turns = [
            [
                feature
                for feature in turn.get(attribute, ())
                if not featurizers or feature.origin in featurizers
            ]
            for turn in turns
        ]
        has_some = [bool(features) for features in of_turns]
        own = joined_features([f for f in of_turns if f], example)
        for feature in chain.from_iterable(own.values()):
            check_finite_rows(feature, attribute)
        mask = np.array(has_some, np.float32)[:, np.newaxis]
        own[MASK] = [Feature(mask, ones)]
        batch[attribute] = own
    return batch
