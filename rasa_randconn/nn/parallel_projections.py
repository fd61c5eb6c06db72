"""Layers that read the same inputs, computed by one product where that is possible."""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

import numpy as np

from rasa_randconn.nn.layer import Layer, PartOf
from rasa_randconn.nn.randomly_connected import (
    BlockKernel,
    Kernel,
    RandomlyConnected,
    multiply,
    multiply_backward,
)


class ParallelProjections(Layer[Tuple[Kernel, ...]]):
    """Layers without bias that read the same inputs, such as query, key and value.

    Their outputs lie below one another. If all have one block of the same shape, these
    blocks are one larger block, and one product computes all layers: few large kernels
    leave Python less to do.
    """

    def __init__(self, projections: Sequence[RandomlyConnected]) -> None:
        """Takes layers of the same size, created one directly after the other."""
        self.projections = tuple(projections)
        self._indices: Optional[np.ndarray] = None
        shapes = {
            tuple((b.groups, b.fan_in, b.units_per_group) for b in layer.blocks)
            for layer in self.projections
        }
        if len(shapes) == 1 and len(self.projections[0].blocks) == 1:
            self._indices = np.concatenate(
                [layer.blocks[0].input_indices for layer in self.projections]
            ).astype(np.int64)

    def views(self, part_of: PartOf) -> Tuple[Kernel, ...]:
        """One kernel of all layers, or one of each (see base class)."""
        if self._indices is None:
            return tuple(layer.views(part_of).kernel for layer in self.projections)
        flat = part_of(*(layer.kernel for layer in self.projections))
        groups, fan_in = self._indices.shape
        return ((BlockKernel(flat.reshape(groups, fan_in, -1), self._indices),),)

    @staticmethod
    def forward(
        weights: Tuple[Kernel, ...], inputs: np.ndarray, outputs: np.ndarray
    ) -> None:
        """Multiplies activations with the kernels of all layers.

        Args:
            weights: The kernels.
            inputs: Activations `[inputs, tokens]`.
            outputs: Output: the products of all layers, `[layers * units, tokens]`.
        """
        for kernel, own in zip(weights, _split(outputs, len(weights))):
            multiply(kernel, inputs, own)

    @staticmethod
    def backward(
        weights: Tuple[Kernel, ...],
        inputs: np.ndarray,
        output_gradients: np.ndarray,
        gradients: Tuple[Kernel, ...],
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
        parts = _split(output_gradients, len(weights))
        for kernel, own, gradient in zip(weights, parts, gradients):
            multiply_backward(kernel, inputs, own, gradient, input_gradients)


def _split(rows: np.ndarray, count: int) -> np.ndarray:
    """Rows `[count * units, tokens]` as `[count, units, tokens]`."""
    return rows.reshape(count, -1, rows.shape[1])
