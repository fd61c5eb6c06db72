"""One layer of the transformer encoder: self-attention and feed-forward network."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameters
from rasa_randconn.connections.settings import ATTENTION, FEED_FORWARD
from rasa_randconn.kernels import activations as activation_kernels
from rasa_randconn.kernels import dropout as dropout_kernels
from rasa_randconn.kernels import layout
from rasa_randconn.nn.attention import Attention
from rasa_randconn.nn.chunk import Chunk
from rasa_randconn.nn.encoder_dropout import ChunkDropout
from rasa_randconn.nn.encoder_settings import EncoderSettings
from rasa_randconn.nn.flat_weights import Weights
from rasa_randconn.nn.layer import Layer
from rasa_randconn.nn.layer_norm import LayerNorm, NormalizedActivations
from rasa_randconn.nn.parallel_projections import ParallelProjections
from rasa_randconn.nn.randomly_connected import RandomlyConnected
from rasa_randconn.nn.residual_stream import ResidualStream
from rasa_randconn.nn.workspace import Allocate

# Numbers that tell the dropouts of a layer apart.
_KEYS, _ATTENTION, _HIDDEN, _FEED_FORWARD = range(4)

# Seed, threshold and scale.
_Dropout = Tuple[np.uint32, np.uint32, np.float32]


class LayerActivations(NamedTuple):
    """Activations of a layer that its backward pass needs, features first.

    Attributes:
        attention_norm: Activations of the first normalisation.
        projected: Query, key and value `[3 * units, tokens]`.
        attended: What attention returns `[units, tokens]`.
        selected: The columns of `attended` that belong to selected tokens; `attended`
            itself if all tokens are selected.
        stream: The residual stream of the selected tokens.
        feed_forward_norm: Activations of the second normalisation.
        activated: Hidden units after GELU and dropout `[filter_units, tokens]`.
        derivatives: Derivatives of `activated` with respect to the inputs of GELU.
    """

    attention_norm: NormalizedActivations
    projected: np.ndarray
    attended: np.ndarray
    selected: np.ndarray
    stream: ResidualStream
    feed_forward_norm: NormalizedActivations
    activated: np.ndarray
    derivatives: np.ndarray


class EncoderLayer(Layer[None]):
    """Norm, attention, dropout, residual; norm, feed-forward, dropout, residual.

    If only some tokens are selected, the others are dropped after attention: nothing
    depends on them any more in the last layer of an encoder.

    Source: Vaswani et al., "Attention Is All You Need", 2017, with the normalisations
    before the sublayers (Xiong et al., 2020), as in Rasa.
    """

    def __init__(
        self, settings: EncoderSettings, number: int, parameters: Parameters, path: str
    ) -> None:
        """Creates all weights.

        Args:
            settings: Shape and options of the encoder.
            number: Number of the layer, from 0.
            parameters: Output: the weights are added.
            path: Path of the layer within the network.
        """
        units, filter_units = settings.units, settings.filter_units

        def projection(name: str, use_bias: bool) -> RandomlyConnected:
            name = f"{path}/attention/{name}"
            return RandomlyConnected(
                parameters, name, ATTENTION, units, units, use_bias
            )

        self.attention_norm = LayerNorm(parameters, f"{path}/attention_norm", units)
        self.query = projection("query", use_bias=False)
        self.key = projection("key", use_bias=False)
        self.value = projection("value", use_bias=False)
        self.projections = ParallelProjections([self.query, self.key, self.value])
        self.output = projection("output", use_bias=True)
        self.attention = Attention(settings, parameters, f"{path}/attention")
        self.feed_forward_norm = LayerNorm(
            parameters, f"{path}/feed_forward_norm", units
        )
        self.feed_forward_in = RandomlyConnected(
            parameters, f"{path}/feed_forward_in", FEED_FORWARD, units, filter_units
        )
        self.feed_forward_out = RandomlyConnected(
            parameters, f"{path}/feed_forward_out", FEED_FORWARD, filter_units, units
        )
        self._settings = settings
        self._number = number

    def allocate_activations(
        self,
        allocate: Allocate,
        stream: ResidualStream,
        tokens: int,
        selected: Optional[int],
    ) -> LayerActivations:
        """Allocates the arrays that one forward and backward pass write to.

        Args:
            allocate: Allocates arrays.
            stream: The residual stream of all tokens.
            tokens: Number of tokens.
            selected: Number of tokens that are selected after attention; all if `None`.
        """
        units, filter_units = self._settings.units, self._settings.filter_units
        attended = allocate(units, tokens)
        continuing = attended
        count = tokens
        if selected is not None:
            continuing, count = allocate(units, selected), selected
            stream = ResidualStream.create(allocate, units, filter_units, selected)
        return LayerActivations(
            attention_norm=self.attention_norm.allocate_activations(allocate, tokens),
            projected=allocate(3 * units, tokens),
            attended=attended,
            selected=continuing,
            stream=stream,
            feed_forward_norm=self.feed_forward_norm.allocate_activations(
                allocate, count
            ),
            activated=allocate(filter_units, count),
            derivatives=allocate(filter_units, count),
        )

    def forward(
        self,
        weights: Weights,
        dropout: ChunkDropout,
        chunk: Chunk,
        activations: LayerActivations,
        stream: ResidualStream,
    ) -> ResidualStream:
        """Adds both sublayers to the residual stream.

        Args:
            weights: All weights of the encoder.
            dropout: The dropout of the pass.
            chunk: The examples. Output: their attention weights.
            activations: Output: what the backward pass needs.
            stream: The residual stream, changed in place.

        Returns:
            The residual stream of the selected tokens.
        """
        self.attention_norm.forward(
            weights[self.attention_norm], stream.features, activations.attention_norm
        )
        self.projections.forward(
            weights[self.projections],
            activations.attention_norm.outputs,
            activations.projected,
        )
        self.attention.forward(
            weights[self.attention],
            chunk.starts,
            activations.projected,
            dropout.of_keys(self._number, _KEYS),
            chunk.attention_weights[self._number],
            activations.attended,
        )
        if chunk.selected is not None and activations.stream is not stream:
            _select(chunk.selected, activations, stream)
            stream = activations.stream
        _add_to_residual(
            self.output,
            weights,
            activations.selected,
            dropout.of_units(self._number, _ATTENTION),
            stream,
        )

        self.feed_forward_norm.forward(
            weights[self.feed_forward_norm],
            stream.features,
            activations.feed_forward_norm,
        )
        self.feed_forward_in.forward(
            weights[self.feed_forward_in],
            activations.feed_forward_norm.outputs,
            stream.hidden,
        )
        activation_kernels.gelu(
            stream.hidden,
            weights[self.feed_forward_in].bias,
            *dropout.of_units(self._number, _HIDDEN),
            activations.activated,
            activations.derivatives,
        )
        _add_to_residual(
            self.feed_forward_out,
            weights,
            activations.activated,
            dropout.of_units(self._number, _FEED_FORWARD),
            stream,
        )
        return stream

    def backward(
        self,
        weights: Weights,
        dropout: ChunkDropout,
        chunk: Chunk,
        activations: LayerActivations,
        stream: ResidualStream,
        gradients: Weights,
        projected_gradients: np.ndarray,
    ) -> None:
        """Computes the gradients of `forward`, from the last step to the first.

        `activations.stream.gradients` must hold the gradients with respect to what
        `forward` returned; those with respect to its inputs go to `stream.gradients`.

        Args:
            weights: All weights of the encoder.
            dropout: The dropout of the pass.
            chunk: The examples, with the attention weights.
            activations: What `forward` left.
            stream: Output: the residual stream of all tokens, with its gradients.
            gradients: Output: the gradients with respect to the weights.
            projected_gradients: Memory for the gradients with respect to query, key and
                value, `[3 * units, tokens]`.
        """
        continuing = activations.stream

        _add_to_residual_backward(
            self.feed_forward_out,
            weights,
            activations.activated,
            dropout.of_units(self._number, _FEED_FORWARD),
            continuing,
            gradients,
            continuing.hidden,
        )
        activation_kernels.gelu_backward(
            continuing.hidden,
            activations.derivatives,
            gradients[self.feed_forward_in].bias,
        )
        layout.clear(continuing.input_gradients.reshape(-1))
        self.feed_forward_in.backward(
            weights[self.feed_forward_in],
            activations.feed_forward_norm.outputs,
            continuing.hidden,
            gradients[self.feed_forward_in],
            continuing.input_gradients,
        )
        self.feed_forward_norm.backward(
            weights[self.feed_forward_norm],
            activations.feed_forward_norm,
            continuing.input_gradients,
            gradients[self.feed_forward_norm],
            continuing.gradients,
        )

        _add_to_residual_backward(
            self.output,
            weights,
            activations.selected,
            dropout.of_units(self._number, _ATTENTION),
            continuing,
            gradients,
            continuing.input_gradients,
        )
        if chunk.selected is not None and continuing is not stream:
            _select_backward(chunk.selected, continuing, stream)
        self.attention.backward(
            weights[self.attention],
            chunk.starts,
            activations.projected,
            chunk.attention_weights[self._number],
            stream.input_gradients,
            gradients[self.attention],
            projected_gradients,
        )
        layout.clear(stream.input_gradients.reshape(-1))
        self.projections.backward(
            weights[self.projections],
            activations.attention_norm.outputs,
            projected_gradients,
            gradients[self.projections],
            stream.input_gradients,
        )
        self.attention_norm.backward(
            weights[self.attention_norm],
            activations.attention_norm,
            stream.input_gradients,
            gradients[self.attention_norm],
            stream.gradients,
        )


def _add_to_residual(
    layer: RandomlyConnected,
    weights: Weights,
    inputs: np.ndarray,
    dropout: _Dropout,
    stream: ResidualStream,
) -> None:
    """Adds the output of a layer to the residual stream, after dropout."""
    layer.forward(weights[layer], inputs, stream.update)
    dropout_kernels.add_residual(
        stream.features, stream.update, weights[layer].bias, *dropout
    )


def _add_to_residual_backward(
    layer: RandomlyConnected,
    weights: Weights,
    inputs: np.ndarray,
    dropout: _Dropout,
    stream: ResidualStream,
    gradients: Weights,
    input_gradients: np.ndarray,
) -> None:
    """Computes the gradients of `_add_to_residual`."""
    dropout_kernels.dropout_backward(
        stream.gradients, *dropout, stream.update, gradients[layer].bias
    )
    layout.clear(input_gradients.reshape(-1))
    layer.backward(
        weights[layer], inputs, stream.update, gradients[layer], input_gradients
    )


def _select(
    tokens: np.ndarray, activations: LayerActivations, stream: ResidualStream
) -> None:
    """Copies what belongs to the selected tokens."""
    layout.take_columns(activations.attended, tokens, activations.selected)
    layout.take_columns(stream.features, tokens, activations.stream.features)


def _select_backward(
    tokens: np.ndarray, selected: ResidualStream, stream: ResidualStream
) -> None:
    """Copies the gradients of the selected tokens back; others have none."""
    layout.put_columns(selected.gradients, tokens, stream.gradients)
    layout.put_columns(selected.input_gradients, tokens, stream.input_gradients)
