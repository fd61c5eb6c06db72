"""Products of activations with the packed kernels of the connection patterns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from rasa_randconn.connections import (
    Block,
    Connectivity,
    GroupedConnectivity,
    UnstructuredConnectivity,
)
from rasa_randconn.kernels import grouped_products, unstructured_products
from rasa_randconn.kernels.vectors import LANES


class Products(ABC):
    """The products of a layer, forward and backward, from its packed kernel.

    Keeps the connections in the order in which compiled code reads them. The number of
    tokens must be a multiple of the vector length.
    """

    @abstractmethod
    def multiply(
        self, kernel: np.ndarray, inputs: np.ndarray, outputs: np.ndarray
    ) -> None:
        """Multiplies activations with a kernel.

        Args:
            kernel: Packed kernel `[connections]`.
            inputs: Activations `[inputs, tokens]`.
            outputs: Output: the products `[units, tokens]`.
        """

    @abstractmethod
    def multiply_backward(
        self,
        kernel: np.ndarray,
        inputs: np.ndarray,
        output_gradients: np.ndarray,
        kernel_gradient: np.ndarray,
        input_gradients: np.ndarray,
    ) -> None:
        """Computes the gradients of `multiply`.

        Args:
            kernel: Packed kernel `[connections]`.
            inputs: Activations `[inputs, tokens]`.
            output_gradients: Gradients with respect to the products `[units, tokens]`.
            kernel_gradient: Output: the gradient with respect to the kernel.
            input_gradients: Output: the gradients with respect to the inputs are added.
        """


class GroupedProducts(Products):
    """Products with blocks of groups, whose weights and outputs follow one another."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        """Takes the blocks."""
        self._parts: List[_Part] = []
        weight = unit = 0
        for block in blocks:
            self._parts.append(
                _Part(
                    # the compiled loops take 64-bit indices
                    block.input_indices.astype(np.int64),
                    slice(weight, weight + block.count),
                    (block.groups, block.fan_in, block.units_per_group),
                    slice(unit, unit + block.units),
                )
            )
            weight += block.count
            unit += block.units

    def multiply(
        self, kernel: np.ndarray, inputs: np.ndarray, outputs: np.ndarray
    ) -> None:
        """Multiplies activations with a kernel (see base class)."""
        _require_whole_vectors(inputs)
        for part in self._parts:
            grouped_products.multiply(
                part.weights_of(kernel), part.indices, inputs, outputs[part.units]
            )

    def multiply_backward(
        self,
        kernel: np.ndarray,
        inputs: np.ndarray,
        output_gradients: np.ndarray,
        kernel_gradient: np.ndarray,
        input_gradients: np.ndarray,
    ) -> None:
        """Computes the gradients of `multiply` (see base class)."""
        _require_whole_vectors(inputs)
        for part in self._parts:
            own = output_gradients[part.units]
            grouped_products.kernel_gradient(
                inputs, part.indices, own, part.weights_of(kernel_gradient)
            )
            grouped_products.multiply_backward(
                part.weights_of(kernel), part.indices, own, input_gradients
            )


class _Part(NamedTuple):
    """A block within a layer.

    Attributes:
        indices: Inputs of every group `[groups, fan_in]`.
        weights: Where its weights lie in the packed kernel.
        shape: `(groups, fan_in, units_per_group)`.
        units: Where its outputs lie among those of the layer.
    """

    indices: np.ndarray
    weights: slice
    shape: Tuple[int, int, int]
    units: slice

    def weights_of(self, kernel: np.ndarray) -> np.ndarray:
        """The weights of the block, or their gradients, in its shape."""
        return kernel[self.weights].reshape(self.shape)


class UnstructuredProducts(Products):
    """Products with connections that have no structure: those of a sparse matrix."""

    def __init__(self, connectivity: UnstructuredConnectivity) -> None:
        """Sorts the connections by output; the packed kernel has them by input."""
        inputs, units = connectivity.indices()
        sizes = connectivity.inputs, connectivity.units
        order = np.argsort(units, kind="stable")
        indptr_of = unstructured_products.blocked_indptr
        self._by_output = (
            indptr_of(units[order], inputs[order], sizes[::-1]),
            inputs[order].astype(np.int32),
            order.astype(np.int32),
        )
        self._by_input = indptr_of(inputs, units, sizes), units.astype(np.int32)

    def multiply(
        self, kernel: np.ndarray, inputs: np.ndarray, outputs: np.ndarray
    ) -> None:
        """Multiplies activations with a kernel (see base class)."""
        _require_whole_vectors(inputs)
        unstructured_products.multiply(*self._by_output, kernel, inputs, outputs)

    def multiply_backward(
        self,
        kernel: np.ndarray,
        inputs: np.ndarray,
        output_gradients: np.ndarray,
        kernel_gradient: np.ndarray,
        input_gradients: np.ndarray,
    ) -> None:
        """Computes the gradients of `multiply` (see base class)."""
        _require_whole_vectors(inputs)
        unstructured_products.kernel_gradient(
            *self._by_input, inputs, output_gradients, kernel_gradient
        )
        unstructured_products.multiply_backward(
            *self._by_input, kernel, output_gradients, input_gradients
        )


def _require_whole_vectors(activations: np.ndarray) -> None:
    """The compiled loops would write beyond the last row.

    Raises:
        ValueError: If the number of tokens is no multiple of the vector length.
    """
    tokens = activations.shape[1]
    if tokens % LANES:
        raise ValueError(f"{tokens} tokens are no multiple of {LANES}.")


def products_of(connectivity: Connectivity) -> Products:
    """The products that a connectivity takes; if it is dense, those of one group."""
    if connectivity.is_dense:
        every_input = np.arange(connectivity.inputs)[np.newaxis]
        return GroupedProducts([Block(every_input, connectivity.units)])
    if isinstance(connectivity, GroupedConnectivity):
        return GroupedProducts(connectivity.blocks)
    assert isinstance(connectivity, UnstructuredConnectivity)
    return UnstructuredProducts(connectivity)
