"""Messages to train on, whose features are joined in one go.

Rasa copies the first feature of a message and appends the others one by one, with all
the checks that SciPy makes for each; with DIET this took a tenth of the training.
"""

from __future__ import annotations

from typing import List, Optional

import numpy as np
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from scipy import sparse


class TrainingMessage(Message):
    """A message with the features of another one."""

    @classmethod
    def of(cls, message: Message) -> TrainingMessage:
        """Takes the place of a message, with which it shares everything.

        Args:
            message: Any message.
        """
        result = cls.__new__(cls)
        result.__dict__.update(message.__dict__)
        return result

    @staticmethod
    def _combine_features(
        features: List[Features], featurizers: List[str]
    ) -> Optional[Features]:
        """Concatenates features of one type (see `Message._combine_features`)."""
        if not features:
            return None
        shapes = {feature.features.shape[:-1] for feature in features}
        are_sparse = {feature.is_sparse() for feature in features}
        if len(shapes) > 1 or len(are_sparse) > 1:
            # Rasa says what does not fit
            combined: Optional[Features] = Message._combine_features(
                features, featurizers
            )
            return combined
        matrices = [feature.features for feature in features]
        joined = (
            _concatenated(matrices)
            if features[0].is_sparse()
            else np.concatenate(matrices, axis=-1)
        )
        return Features(joined, features[0].type, features[0].attribute, featurizers)


def _concatenated(matrices: List[sparse.spmatrix]) -> sparse.coo_matrix:
    parts = [matrix.tocoo(copy=False) for matrix in matrices]
    widths = [part.shape[1] for part in parts]
    starts = np.cumsum([0, *widths])
    data = np.concatenate([part.data for part in parts])
    joined = sparse.coo_matrix((parts[0].shape[0], starts[-1]), dtype=data.dtype)
    # set after construction, which would check every number
    joined.row = np.concatenate([part.row for part in parts])
    joined.col = np.concatenate(
        [part.col + start for part, start in zip(parts, starts.astype(np.int32))]
    )
    joined.data = data
    return joined
