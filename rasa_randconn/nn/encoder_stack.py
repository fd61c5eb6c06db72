"""Embedding, encoder layers and a last normalisation, on one chunk of a batch."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameters
from rasa_randconn.connections.settings import EMBEDDING
from rasa_randconn.kernels import layout, positional_encoding
from rasa_randconn.nn.chunk import Chunk
from rasa_randconn.nn.encoder_dropout import ChunkDropout
from rasa_randconn.nn.encoder_layer import EncoderLayer, LayerActivations
from rasa_randconn.nn.encoder_settings import EncoderSettings
from rasa_randconn.nn.flat_weights import Weights
from rasa_randconn.nn.layer import Layer
from rasa_randconn.nn.layer_norm import LayerNorm, NormalizedActivations
from rasa_randconn.nn.randomly_connected import RandomlyConnected
from rasa_randconn.nn.residual_stream import ResidualStream
from rasa_randconn.nn.workspace import Allocate


class StackActivations(NamedTuple):
    """Activations of a pass, features first.

    Attributes:
        inputs: Inputs of the encoder `[inputs, tokens]`.
        stream: The residual stream of all tokens.
        layers: Activations of every layer.
        norm: Activations of the last normalisation.
        input_gradients: Memory for the gradients with respect to the inputs.
        projected_gradients: Memory for those with respect to query, key and value.
    """

    inputs: np.ndarray
    stream: ResidualStream
    layers: Tuple[LayerActivations, ...]
    norm: NormalizedActivations
    input_gradients: np.ndarray
    projected_gradients: np.ndarray


class EncoderStack(Layer[None]):
    """The encoder as a function of one chunk; `Encoder` runs it on whole batches.

    Source: Vaswani et al., "Attention Is All You Need", 2017.

    Attributes:
        inputs: Number of inputs.
    """

    def __init__(
        self, settings: EncoderSettings, inputs: int, parameters: Parameters, path: str
    ) -> None:
        """Creates all weights.

        Args:
            settings: Shape and options of the encoder.
            inputs: Number of inputs.
            parameters: Output: the weights are added.
            path: Path of the encoder within the network.
        """
        units = settings.units
        self.inputs = inputs
        self.embedding = RandomlyConnected(
            parameters,
            f"{path}/embedding",
            EMBEDDING,
            inputs,
            units,
            l2=settings.embedding_l2,
        )
        self.layers = [
            EncoderLayer(settings, i, parameters, f"{path}/layer_{i}")
            for i in range(settings.layers)
        ]
        self.norm = LayerNorm(parameters, f"{path}/norm", units)
        self._settings = settings

    def allocate_activations(
        self, allocate: Allocate, tokens: int, selected: Optional[int]
    ) -> StackActivations:
        """Allocates the arrays that one forward and backward pass write to.

        Args:
            allocate: Allocates arrays.
            tokens: Number of tokens, a multiple of the vector length.
            selected: Number of tokens that are returned, likewise; all if `None`.
        """
        units, filter_units = self._settings.units, self._settings.filter_units
        stream = ResidualStream.create(allocate, units, filter_units, tokens)
        last = self.layers[-1]
        return StackActivations(
            inputs=allocate(self.inputs, tokens),
            stream=stream,
            layers=tuple(
                layer.allocate_activations(
                    allocate, stream, tokens, selected if layer is last else None
                )
                for layer in self.layers
            ),
            norm=self.norm.allocate_activations(
                allocate, tokens if selected is None else selected
            ),
            input_gradients=allocate(self.inputs, tokens),
            projected_gradients=allocate(3 * units, tokens),
        )

    def forward(
        self,
        weights: Weights,
        dropout: ChunkDropout,
        chunk: Chunk,
        activations: StackActivations,
        encoding: np.ndarray,
        inputs: np.ndarray,
        outputs: np.ndarray,
    ) -> None:
        """Encodes the tokens of a chunk.

        Args:
            weights: All weights.
            dropout: The dropout of the chunk.
            chunk: The examples. Output: their attention weights.
            activations: Output: what the backward pass needs.
            encoding: Encoding of every position `[units, positions]`.
            inputs: Activations of the chunk `[tokens, inputs]`.
            outputs: Output: the outputs `[selected tokens, units]`.
        """
        stream = activations.stream
        layout.take_tokens(inputs, activations.inputs)
        self.embedding.forward(
            weights[self.embedding], activations.inputs, stream.features
        )
        positional_encoding.add_positional_encoding(
            stream.features,
            weights[self.embedding].bias,
            encoding,
            chunk.positions,
            *dropout.of_embedding(),
        )
        for layer, own in zip(self.layers, activations.layers):
            stream = layer.forward(weights, dropout, chunk, own, stream)
        self.norm.forward(weights[self.norm], stream.features, activations.norm)
        layout.put_tokens(activations.norm.outputs, outputs)

    def backward(
        self,
        weights: Weights,
        dropout: ChunkDropout,
        chunk: Chunk,
        activations: StackActivations,
        output_gradients: np.ndarray,
        gradients: Weights,
        input_gradients: np.ndarray,
    ) -> None:
        """Computes the gradients of `forward`.

        Args:
            weights: All weights.
            dropout: The dropout of the chunk.
            chunk: The examples, with the attention weights.
            activations: What `forward` left.
            output_gradients: Gradients with respect to the outputs
                `[selected tokens, units]`.
            gradients: Output: the chunk's part of the gradients of all weights.
            input_gradients: Output: those with respect to the inputs
                `[tokens, inputs]`.
        """
        stream = activations.layers[-1].stream
        layout.take_tokens(output_gradients, stream.input_gradients)
        layout.clear(stream.gradients.reshape(-1))
        self.norm.backward(
            weights[self.norm],
            activations.norm,
            stream.input_gradients,
            gradients[self.norm],
            stream.gradients,
        )
        stream = activations.stream
        for layer, own in zip(reversed(self.layers), reversed(activations.layers)):
            layer.backward(
                weights,
                dropout,
                chunk,
                own,
                stream,
                gradients,
                activations.projected_gradients,
            )
        positional_encoding.add_positional_encoding_backward(
            stream.gradients,
            *dropout.of_embedding(),
            gradients[self.embedding].bias,
        )
        layout.clear(activations.input_gradients.reshape(-1))
        self.embedding.backward(
            weights[self.embedding],
            activations.inputs,
            stream.gradients,
            gradients[self.embedding],
            activations.input_gradients,
        )
        layout.put_tokens(activations.input_gradients, input_gradients)
