"""Sparse and dense features of one feature type, concatenated."""

from __future__ import annotations

from typing import List, Optional, Sequence

from rasa_randconn.autodiff import Tape, Value
from rasa_randconn.nn import operations
from rasa_randconn.nn.features import CSRMatrix, Feature, WidthError
from rasa_randconn.nn.sparse_layer import SparseLayer


class CombinedFeatures:
    """Concatenates sparse and dense features of one feature type.

    Source: Rasa's `ConcatenateSparseDenseFeatures`.

    Attributes:
        units: Number of outputs.
    """

    def __init__(self, sparse: Optional[SparseLayer], units: int) -> None:
        """Takes the layer for sparse features, if there are any.

        Args:
            sparse: The layer that all sparse features share.
            units: Number of outputs.
        """
        self.sparse = sparse
        self.units = units

    def __call__(self, tape: Tape, features: Sequence[Feature]) -> Value:
        """Combines features whose rows belong together, `[rows, units]`.

        Raises:
            WidthError: If the features differ from those of the training.
        """
        parts: List[Value] = []
        for feature in features:
            if isinstance(feature.rows, CSRMatrix):
                assert self.sparse is not None
                parts.append(self.sparse(tape, feature.rows))
            else:
                parts.append(Value(feature.rows))
        combined = operations.concatenate(tape, parts)
        found = combined.array.shape[1]
        if found != self.units:
            raise WidthError(
                f"The features make {found} columns, but the model was trained with "
                f"{self.units}. Some featurizer may have none for this message."
            )
        return combined
