"""The residual stream that encoder layers add to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rasa_randconn.nn.workspace import Allocate


class ResidualStream(NamedTuple):
    """The residual stream, its gradients, and memory for what sublayers compute.

    All are features first, `[units, tokens]`.

    Attributes:
        features: The residual stream.
        gradients: Gradients with respect to it.
        update: What a sublayer adds, or the gradients with respect to that.
        input_gradients: Gradients with respect to the inputs of a layer.
        hidden: Hidden units of the feed-forward network `[filter_units, tokens]`.
    """

    features: np.ndarray
    gradients: np.ndarray
    update: np.ndarray
    input_gradients: np.ndarray
    hidden: np.ndarray

    @classmethod
    def create(
        cls, allocate: Allocate, units: int, filter_units: int, tokens: int
    ) -> ResidualStream:
        """Memory for one pass of so many tokens."""
        return cls(
            features=allocate(units, tokens),
            gradients=allocate(units, tokens),
            update=allocate(units, tokens),
            input_gradients=allocate(units, tokens),
            hidden=allocate(filter_units, tokens),
        )
