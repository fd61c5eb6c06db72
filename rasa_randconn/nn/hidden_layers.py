"""The randomly connected layers outside the encoder."""

from __future__ import annotations

from typing import List, Sequence

import numpy as np

from rasa_randconn.autodiff import Parameters, Tape, Value
from rasa_randconn.connections.settings import HIDDEN_LAYERS
from rasa_randconn.kernels import activations, layout
from rasa_randconn.kernels.dropout import dropout_rate, seed_of
from rasa_randconn.kernels.vectors import whole_vectors
from rasa_randconn.nn.flat_weights import FlatWeights
from rasa_randconn.nn.layer import Layer
from rasa_randconn.nn.randomly_connected import RandomlyConnected


class HiddenLayers(Layer[None]):
    """A chain of randomly connected layers, each with GELU and dropout.

    Source: Rasa's `Ffnn`.

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
        """Creates the weights.

        Args:
            inputs: Number of inputs.
            sizes: Number of units of every layer; without any, rows stay as they are.
            dropout_rate: Dropout after each layer.
            l2: Factor of the squared kernels in the loss.
            parameters: Output: the weights are added.
            path: Path of these layers within the network.
        """
        self.units = inputs
        self.layers: List[RandomlyConnected] = []
        for i, size in enumerate(sizes):
            name = f"{path}/hidden_layer_{i}"
            self.layers.append(
                RandomlyConnected(
                    parameters, name, HIDDEN_LAYERS, self.units, size, l2=l2
                )
            )
            self.units = size
        self._rate = dropout_rate
        self._weights = [FlatWeights(layer) for layer in self.layers]

    def __call__(self, tape: Tape, rows: Value) -> Value:
        """Applies all layers to rows `[rows, inputs]`."""
        for layer, weights in zip(self.layers, self._weights):
            rows = self._apply(tape, layer, weights, rows)
        return rows

    def _apply(
        self,
        tape: Tape,
        layer: RandomlyConnected,
        flat_weights: FlatWeights,
        rows: Value,
    ) -> Value:
        count = len(rows.array)
        inputs = _features_first(rows.array)
        weights = flat_weights.by_layer[layer]
        sums = np.empty((layer.units, inputs.shape[1]), np.float32)
        layer.forward(weights, inputs, sums)
        outputs, derivatives = np.empty_like(sums), np.empty_like(sums)
        rate = dropout_rate(self._rate if tape.is_training else 0.0)
        seed = seed_of(tape.new_seed() if tape.is_training else 0)
        activations.gelu(sums, weights.bias, seed, *rate, outputs, derivatives)

        def backward(gradient: np.ndarray) -> None:
            flat_gradients = np.empty(flat_weights.size, np.float32)
            gradients = flat_weights.views(flat_gradients)[layer]
            sum_gradients = _features_first(gradient)
            activations.gelu_backward(sum_gradients, derivatives, gradients.bias)
            input_gradients = np.zeros_like(inputs)
            layer.backward(weights, inputs, sum_gradients, gradients, input_gradients)
            flat_weights.add_gradients(flat_gradients)
            rows.add_gradient(_tokens_first(input_gradients, count))

        return tape.record(Value(_tokens_first(outputs, count)), backward)


def _features_first(rows: np.ndarray) -> np.ndarray:
    """Rows as columns, followed by zeros up to a multiple of the vector length."""
    count, units = rows.shape
    features = np.empty((units, whole_vectors(count)), np.float32)
    layout.take_tokens(np.ascontiguousarray(rows), features)
    return features


def _tokens_first(features: np.ndarray, count: int) -> np.ndarray:
    """The first columns as rows."""
    rows = np.empty((count, len(features)), np.float32)
    layout.put_tokens(features, rows)
    return rows
