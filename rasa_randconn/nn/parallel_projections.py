"""Layers that read the same inputs, and whose outputs lie below one another."""

from __future__ import annotations

from typing import Sequence, Tuple

import numpy as np

from rasa_randconn.nn.layer import Layer, PartOf
from rasa_randconn.nn.randomly_connected import RandomlyConnected


class ParallelProjections(Layer[Tuple[np.ndarray, ...]]):
    """Layers without bias that read the same inputs, such as query, key and value."""

    def __init__(self, projections: Sequence[RandomlyConnected]) -> None:
        """Takes layers of the same size."""
        self.projections = tuple(projections)

    def views(self, part_of: PartOf) -> Tuple[np.ndarray, ...]:
        """The packed kernel of every layer (see base class)."""
        return tuple(part_of(layer.kernel) for layer in self.projections)

    def forward(
        self,
        weights: Tuple[np.ndarray, ...],
        inputs: np.ndarray,
        outputs: np.ndarray,
    ) -> None:
        """Multiplies activations with the kernels of all layers.

        Args:
            weights: The kernels.
            inputs: Activations `[inputs, tokens]`.
            outputs: Output: the products of all layers, `[layers * units, tokens]`.
        """
        parts = self._split(outputs)
        for layer, kernel, own in zip(self.projections, weights, parts):
            layer.products.multiply(kernel, inputs, own)

    def backward(
        self,
        weights: Tuple[np.ndarray, ...],
        inputs: np.ndarray,
        output_gradients: np.ndarray,
        gradients: Tuple[np.ndarray, ...],
        input_gradients: np.ndarray,
    ) -> None:
        """Computes the gradients of `forward`.

        Args:
            weights: The kernels.
            inputs: Activations `[inputs, tokens]`.
            output_gradients: Gradients with respect to the products.
            gradients: Output: the gradients with respect to the kernels.
            input_gradients: Output: the gradients with respect to the inputs are added.
        """
        parts = self._split(output_gradients)
        for layer, kernel, own, gradient in zip(
            self.projections, weights, parts, gradients
        ):
            layer.products.multiply_backward(
                kernel, inputs, own, gradient, input_gradients
            )

    def _split(self, rows: np.ndarray) -> np.ndarray:
        """Rows of all layers as `[layers, units, tokens]`."""
        return rows.reshape(len(self.projections), -1, rows.shape[1])
