"""The randomly connected layer: only connections that exist have weights."""

from __future__ import annotations

from typing import NamedTuple, Optional

import numpy as np

from rasa_randconn.autodiff import KernelParameter, Parameter, Parameters
from rasa_randconn.connections import Connectivity
from rasa_randconn.nn.layer import Layer, PartOf
from rasa_randconn.nn.products import Products, products_of


class KernelAndBias(NamedTuple):
    """Weights of a randomly connected layer, or their gradients.

    Attributes:
        kernel: The packed kernel `[connections]`.
        bias: `[units]`; empty if the layer has none.
    """

    kernel: np.ndarray
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
        products: The products with the kernel.
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
        self.products: Products = products_of(self.connectivity)

    @property
    def connectivity(self) -> Connectivity:
        """Which connections exist; never changes."""
        return self.kernel.connectivity

    def views(self, part_of: PartOf) -> KernelAndBias:
        """Kernel and bias as views of a flat array (see base class)."""
        bias = np.empty(0, np.float32) if self.bias is None else part_of(self.bias)
        return KernelAndBias(part_of(self.kernel), bias)

    def forward(
        self, weights: KernelAndBias, inputs: np.ndarray, outputs: np.ndarray
    ) -> None:
        """Multiplies activations with the kernel.

        Args:
            weights: Weights of the layer.
            inputs: Activations `[inputs, tokens]`.
            outputs: Output: the products `[units, tokens]`, without the bias.
        """
        self.products.multiply(weights.kernel, inputs, outputs)

    def backward(
        self,
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
        self.products.multiply_backward(
            weights.kernel, inputs, output_gradients, gradients.kernel, input_gradients
        )
