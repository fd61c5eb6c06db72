"""How many sparse features the texts of dialogues have, from every featurizer.

A policy that goes on learning must know what they were: the vocabulary may have grown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Optional

import rasa.shared.utils.io
from rasa.core.featurizers.precomputation import MessageContainerForCoreFeaturization
from rasa.shared.nlu.constants import ACTION_TEXT, TEXT

from rasa_randconn.components.saved_parts import check_feature_sizes

_SUFFIX = ".sparse_feature_sizes.json"

TextFeatureSizes = Dict[str, Dict[str, List[int]]]
"""Numbers of features, one for each featurizer, by attribute and feature type."""


def text_feature_sizes(
    precomputations: Optional[MessageContainerForCoreFeaturization],
    featurizers: Optional[List[str]],
) -> TextFeatureSizes:
    """Finds the sizes in the features that Rasa has computed for stories.

    Args:
        precomputations: Features of everything that is said in the stories.
        featurizers: Names of the featurizers that count; all if `None`.

    Returns:
        The sizes of the attributes that there are texts of.
    """
    sizes: TextFeatureSizes = {}
    if precomputations is None:
        return sizes
    for attribute in (TEXT, ACTION_TEXT):
        for message in precomputations.messages(attribute):
            if message.features_present(attribute, featurizers):
                sizes[attribute] = message.get_sparse_feature_sizes(
                    attribute, featurizers
                )
                break
    return sizes


def write_sizes(sizes: TextFeatureSizes, folder: Path, name: str) -> None:
    """Writes sizes beside the other files of a policy.

    Args:
        sizes: The sizes.
        folder: The policy's folder.
        name: What the names of its files start with.
    """
    path = folder / f"{name}{_SUFFIX}"
    rasa.shared.utils.io.dump_obj_as_json_to_file(path, sizes)


def read_sizes(folder: Path, name: str) -> TextFeatureSizes:
    """Reads what `write_sizes` has written; nothing is known of older models.

    Arguments are those of `write_sizes`.

    Raises:
        ValueError: If the file holds anything else.
    """
    path = folder / f"{name}{_SUFFIX}"
    if not path.is_file():
        return {}
    sizes: TextFeatureSizes = rasa.shared.utils.io.read_json_file(path)
    check_feature_sizes(sizes)
    return sizes
