"""The randomly connected layers outside the encoder."""

from __future__ import annotations

from typing import List, NamedTuple, Sequence

import numpy as np

from rasa_randconn.autodiff import Parameter, Parameters, Tape, Value
from rasa_randconn.connections.settings import HIDDEN_LAYERS
from rasa_randconn.kernels import (
    LayerKernel,
    PackedProduct,
    activations,
    layout,
    products,
)
from rasa_randconn.kernels import dropout as dropout_kernels
from rasa_randconn.kernels.vectors import whole_vectors


class _Layer(NamedTuple):
    product: PackedProduct
    kernel: Parameter
    bias: Parameter

    def layer_kernel(self) -> LayerKernel:
        return self.product.layer_kernel(self.product.multiplied(self.kernel.array))


class HiddenLayers:
    """Randomly connected layers with GELU, each followed by dropout (Rasa's `Ffnn`).

    Attributes:
        units: Number of outputs of the last layer.
    """

    def __init__(
        self,
        inputs: int,
        sizes: Sequence[int],
        dropout_rate: float,
        l2: float,
        parameters: Parameters,
        path: str,
    ) -> None:
        """Makes the weights.

        Args:
            inputs: Number of inputs.
            sizes: Number of units of every layer; none leave rows as they are.
            dropout_rate: Dropout after each layer.
            l2: Factor of the squared kernels in the loss.
            parameters: Gets the weights.
            path: Path of these layers within the network.
        """
        self.units = inputs
        self._rate = dropout_rate
        self._layers: List[_Layer] = []
        for i, size in enumerate(sizes):
            own = f"{path}/hidden_layer_{i}"
            connectivity, kernel = parameters.connect(
                own, HIDDEN_LAYERS, self.units, size
            )
            kernel.l2 = l2
            bias = parameters.constant(f"{own}/bias", (size,), 0.0)
            self._layers.append(_Layer(PackedProduct(connectivity), kernel, bias))
            self.units = size

    def __call__(self, tape: Tape, rows: Value) -> Value:
        """Applies all layers to rows `[rows, inputs]`."""
        for layer in self._layers:
            rows = self._apply(tape, layer, rows)
        return rows

    def _apply(self, tape: Tape, layer: _Layer, rows: Value) -> Value:
        count = len(rows.array)
        features = _features_first(rows.array)
        kernel = layer.layer_kernel()
        sums = np.empty((len(layer.bias.array), features.shape[1]), np.float32)
        products.multiply(kernel, features, sums)
        outputs, derivatives = np.empty_like(sums), np.empty_like(sums)
        rate = dropout_kernels.dropout_rate(self._rate if tape.is_training else 0.0)
        seed = dropout_kernels.seed_of(tape.seed() if tape.is_training else 0)
        activations.gelu(sums, layer.bias.array, seed, *rate, outputs, derivatives)

        def backward(gradient: np.ndarray) -> None:
            gradients = _features_first(gradient)
            bias_gradient = np.empty_like(layer.bias.array)
            activations.gelu_backward(gradients, derivatives, bias_gradient)
            layer.bias.add_gradient(bias_gradient)
            flat = np.empty(layer.product.size, np.float32)
            feature_gradients = np.zeros_like(features)
            products.multiply_backward(
                kernel,
                features,
                gradients,
                layer.product.layer_kernel(flat),
                feature_gradients,
            )
            layer.kernel.add_gradient(layer.product.packed(flat))
            rows.add_gradient(_tokens_first(feature_gradients, count))

        return tape.record(Value(_tokens_first(outputs, count)), backward)


def _features_first(rows: np.ndarray) -> np.ndarray:
    """Rows as columns, followed by zeros up to a whole number of vectors."""
    count, units = rows.shape
    features = np.empty((units, whole_vectors(count)), np.float32)
    layout.take_tokens(np.ascontiguousarray(rows), 0, count, features)
    return features


def _tokens_first(features: np.ndarray, count: int) -> np.ndarray:
    """The first columns as rows."""
    rows = np.empty((count, len(features)), np.float32)
    layout.put_tokens(features, 0, count, rows)
    return rows
