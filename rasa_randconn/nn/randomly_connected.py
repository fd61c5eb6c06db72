"""The randomly connected layer: only connections that exist have weights."""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.autodiff import KernelParameter, Parameter, Parameters
from rasa_randconn.connections import Block, Connectivity
from rasa_randconn.kernels import grouped_products
from rasa_randconn.nn.layer import Layer, PartOf


class BlockKernel(NamedTuple):
    """Weights of a block of groups, and the inputs that the groups read.

    Attributes:
        weights: `[groups, fan_in, units_per_group]`.
        indices: `[groups, fan_in]`, 64-bit integers.
    """

    weights: np.ndarray
    indices: np.ndarray

    @property
    def units(self) -> int:
        """Number of outputs."""
        return self.weights.shape[0] * self.weights.shape[2]


#: The kernel of a layer: its blocks, whose outputs follow one another.
Kernel = Tuple[BlockKernel, ...]


class KernelAndBias(NamedTuple):
    """Weights of a randomly connected layer, or their gradients.

    Attributes:
        kernel: The kernel in blocks.
        bias: `[units]`; empty if the layer has none.
    """

    kernel: Kernel
    bias: np.ndarray


class RandomlyConnected(Layer[KernelAndBias]):
    """A layer of which only a random part of the connections exists.

    Every product of a network with a packed kernel is computed here, whatever the
    pattern; at density 1.0 it is that of a dense layer. Activations lie features first,
    `[units, tokens]`: inputs of a group are then whole rows, which is several times
    faster than gathering columns. Tokens are padded to a multiple of the vector length
    (see `kernels.vectors`).

    The bias belongs to the layer, but is added by the operation that follows (GELU,
    dropout, positional encoding), together with its own work.

    Source: Mosig and Vlasov, "Why Rasa uses Sparse Layers in Transformers", 2021.

    Attributes:
        kernel: Weights of the existing connections, `[connections]`.
        bias: `[units]`, or `None`.
        units: Number of outputs.
    """

    def __init__(
        self,
        parameters: Parameters,
        path: str,
        layer_kind: str,
        inputs: int,
        units: int,
        use_bias: bool = True,
        l2: float = 0.0,
    ) -> None:
        """Samples connections and initialises weights, or takes those of a file.

        Args:
            parameters: Output: the weights are added.
            path: Path of the layer within the network.
            layer_kind: One of `LAYER_KINDS`, which decides about the density.
            inputs: Number of inputs.
            units: Number of outputs.
            use_bias: Whether there is a bias.
            l2: Factor of the squared kernel in the loss.
        """
        self.kernel: KernelParameter = parameters.connect(
            path, layer_kind, inputs, units, l2
        )
        self.bias: Optional[Parameter] = None
        if use_bias:
            self.bias = parameters.constant(f"{path}/bias", (units,), 0.0)
        self.units = units
        self.blocks: Tuple[Block, ...] = self.connectivity.blocks
        # the compiled loops take 64-bit indices; the connectivity keeps smaller ones
        self._indices = [block.input_indices.astype(np.int64) for block in self.blocks]

    @property
    def connectivity(self) -> Connectivity:
        """Which connections exist; never changes."""
        return self.kernel.connectivity

    def views(self, part_of: PartOf) -> KernelAndBias:
        """Kernel and bias as views of a flat array (see base class)."""
        flat = part_of(self.kernel)
        blocks: List[BlockKernel] = []
        start = 0
        for block, indices in zip(self.blocks, self._indices):
            shape = (block.groups, block.fan_in, block.units_per_group)
            part = flat[start : start + block.count]
            blocks.append(BlockKernel(part.reshape(shape), indices))
            start += block.count
        bias = np.empty(0, np.float32) if self.bias is None else part_of(self.bias)
        return KernelAndBias(tuple(blocks), bias)

    @staticmethod
    def forward(
        weights: KernelAndBias, inputs: np.ndarray, outputs: np.ndarray
    ) -> None:
        """Multiplies activations with the kernel.

        Args:
            weights: Weights of the layer.
            inputs: Activations `[inputs, tokens]`.
            outputs: Output: the products `[units, tokens]`, without the bias.
        """
        multiply(weights.kernel, inputs, outputs)

    @staticmethod
    def backward(
        weights: KernelAndBias,
        inputs: np.ndarray,
        output_gradients: np.ndarray,
        gradients: KernelAndBias,
        input_gradients: np.ndarray,
    ) -> None:
        """Computes the gradients of `forward`.

        Args:
            weights: Weights of the layer.
            inputs: Activations `[inputs, tokens]`.
            output_gradients: Gradients with respect to the products `[units, tokens]`.
            gradients: Output: the gradient with respect to the kernel.
            input_gradients: Output: the gradients with respect to the inputs are added.
        """
        multiply_backward(
            weights.kernel, inputs, output_gradients, gradients.kernel, input_gradients
        )


def multiply(kernel: Kernel, inputs: np.ndarray, outputs: np.ndarray) -> None:
    """Multiplies activations with a kernel in blocks (see `RandomlyConnected`)."""
    if len(kernel) == 1:
        grouped_products.multiply(*kernel[0], inputs, outputs)
        return
    start = 0
    for block in kernel:
        end = start + block.units
        grouped_products.multiply(*block, inputs, outputs[start:end])
        start = end


def multiply_backward(
    kernel: Kernel,
    inputs: np.ndarray,
    output_gradients: np.ndarray,
    kernel_gradient: Kernel,
    input_gradients: np.ndarray,
) -> None:
    """Computes the gradients of `multiply` (see `RandomlyConnected.backward`)."""
    start = 0
    for block, gradient in zip(kernel, kernel_gradient):
        end = start + block.units
        own = output_gradients[start:end]
        grouped_products.kernel_gradient(inputs, block.indices, own, gradient.weights)
        grouped_products.multiply_backward(*block, own, input_gradients)
        start = end
