"""A dense layer, for embeddings that are compared and for scores of tags."""

from __future__ import annotations

import numpy as np

from rasa_randconn.autodiff import Parameter, Parameters, Tape, Value
from rasa_randconn.nn import operations


class Dense:
    """A kernel and a bias, as in Rasa's `Embed`."""

    def __init__(
        self, inputs: int, units: int, l2: float, parameters: Parameters, path: str
    ) -> None:
        """Creates the weights.

        Args:
            inputs: Number of inputs.
            units: Number of outputs.
            l2: Factor of the squared kernel in the loss.
            parameters: Output: the weights are added.
            path: Path of the layer within the network.
        """
        self.units = units
        self.kernel: Parameter = parameters.glorot_uniform(
            f"{path}/kernel", (inputs, units), l2=l2
        )
        self.bias: Parameter = parameters.constant(f"{path}/bias", (units,), 0.0)

    def __call__(self, tape: Tape, rows: Value) -> Value:
        """Multiplies rows `[rows, inputs]`."""
        return operations.linear(tape, rows, self.kernel, self.bias)

    def of_one_hot(self, tape: Tape, indices: np.ndarray) -> Value:
        """Multiplies one-hot rows, given by the index of their input."""
        return operations.embedding(tape, self.kernel, self.bias, indices)
