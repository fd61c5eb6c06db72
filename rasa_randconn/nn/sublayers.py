"""Self-attention and feed-forward network of one encoder layer, on one chunk.

Each adds to the residual stream `stream.features`; going backward, each adds to its
gradients `stream.gradients`. What attention finds and its way into the residual stream
are apart, so that only some tokens can go on from there.
"""

from __future__ import annotations

from typing import Tuple

import numpy as np

from rasa_randconn.kernels import (
    LayerKernel,
    activations,
    attention,
    dropout,
    products,
)
from rasa_randconn.kernels import layer_norm as norm
from rasa_randconn.nn.activation_arrays import (
    LayerState,
    NormalizationState,
    Stream,
)
from rasa_randconn.nn.chunk import Chunk, PassOptions
from rasa_randconn.nn.encoder_settings import EPSILON
from rasa_randconn.nn.weight_arrays import (
    LayerArrays,
    NormalizationArrays,
)

# Seed, threshold and scale.
_DropoutArguments = Tuple[np.uint32, np.uint32, np.float32]

# Places of dropout within a layer.
_KEYS, _ATTENTION, _HIDDEN, _FEED_FORWARD = range(4)


def attend(
    weights: LayerArrays,
    options: PassOptions,
    chunk: Chunk,
    layer: int,
    own: LayerState,
    stream: Stream,
) -> None:
    """Lets the tokens attend to each other.

    Args:
        weights: Weights of the layer.
        options: Options of the pass.
        chunk: Where the tokens are; gets the attention weights.
        layer: Number of the layer.
        own: Gets the activations of the layer, up to what was attended.
        stream: The residual stream.
    """
    normalize(weights.attention_norm, stream.features, own.attention_norm)
    normalized = own.attention_norm.outputs
    kernels = weights.projections
    for kernel, outputs in zip(kernels, _parts(own.projected, len(kernels))):
        products.multiply(kernel, normalized, outputs)
    attention.attention(
        own.projected,
        chunk.starts,
        options.heads,
        options.unidirectional,
        options.max_relative_position,
        weights.key_embeddings,
        weights.value_embeddings,
        dropout.seed_of(options.seed, chunk.number, layer, _KEYS),
        options.key_rate.threshold,
        chunk.attention_weights[layer],
        own.attended,
    )


def attend_backward(
    weights: LayerArrays,
    options: PassOptions,
    chunk: Chunk,
    layer: int,
    own: LayerState,
    projected_gradients: np.ndarray,
    stream: Stream,
    weight_gradients: LayerArrays,
) -> None:
    """Computes the gradients of `attend`.

    Args:
        weights: Weights of the layer.
        options: Options of the pass.
        chunk: Where the tokens are, with the attention weights.
        layer: Number of the layer.
        own: The activations of the layer.
        projected_gradients: Room for those of queries, keys and values.
        stream: Gradients of the residual stream, which are added to;
            `normalized_gradients` are those of what was attended, and get lost.
        weight_gradients: Gets the gradients of the weights.
    """
    weight_gradients.key_embeddings[:] = 0.0
    weight_gradients.value_embeddings[:] = 0.0
    attention.attention_backward(
        stream.normalized_gradients,
        own.projected,
        chunk.starts,
        options.heads,
        options.unidirectional,
        options.max_relative_position,
        weights.key_embeddings,
        weights.value_embeddings,
        chunk.attention_weights[layer],
        projected_gradients,
        weight_gradients.key_embeddings,
        weight_gradients.value_embeddings,
    )
    stream.normalized_gradients[:, :] = 0.0
    normalized = own.attention_norm.outputs
    kernels = weights.projections
    for kernel, kernel_gradient, gradients in zip(
        kernels,
        weight_gradients.projections,
        _parts(projected_gradients, len(kernels)),
    ):
        products.multiply_backward(
            kernel, normalized, gradients, kernel_gradient, stream.normalized_gradients
        )
    normalize_backward(
        weights.attention_norm,
        stream,
        own.attention_norm,
        weight_gradients.attention_norm,
    )


def add_attended(
    weights: LayerArrays,
    options: PassOptions,
    chunk: Chunk,
    layer: int,
    attended: np.ndarray,
    stream: Stream,
) -> None:
    """Adds what was attended to the residual stream.

    Args:
        weights: Weights of the layer.
        options: Options of the pass.
        chunk: Where the tokens are.
        layer: Number of the layer.
        attended: Attended values `[units, tokens]`.
        stream: The residual stream of the same tokens.
    """
    place = _dropout(options, chunk, layer, _ATTENTION)
    _add_product(weights.output, weights.output_bias, attended, place, stream)


def add_attended_backward(
    weights: LayerArrays,
    options: PassOptions,
    chunk: Chunk,
    layer: int,
    attended: np.ndarray,
    stream: Stream,
    weight_gradients: LayerArrays,
) -> None:
    """Computes the gradients of `add_attended`.

    Args:
        weights: Weights of the layer.
        options: Options of the pass.
        chunk: Where the tokens are.
        layer: Number of the layer.
        attended: Attended values `[units, tokens]`.
        stream: Gradients of the residual stream; `normalized_gradients` get those of
            the attended values.
        weight_gradients: Gets the gradients of the weights.
    """
    _add_product_backward(
        weights.output,
        attended,
        _dropout(options, chunk, layer, _ATTENTION),
        stream,
        weight_gradients.output,
        weight_gradients.output_bias,
        stream.normalized_gradients,
    )


def feed_forward(
    weights: LayerArrays,
    options: PassOptions,
    chunk: Chunk,
    layer: int,
    own: LayerState,
    stream: Stream,
) -> None:
    """Adds the feed-forward network of a layer to the residual stream.

    Args:
        weights: Weights of the layer.
        options: Options of the pass.
        chunk: Where the tokens are.
        layer: Number of the layer.
        own: Gets the activations of the layer.
        stream: The residual stream, and room for other activations.
    """
    normalize(weights.feed_forward_norm, stream.features, own.feed_forward_norm)
    products.multiply(
        weights.feed_forward_in, own.feed_forward_norm.outputs, stream.hidden
    )
    activations.gelu(
        stream.hidden,
        weights.feed_forward_in_bias,
        *_dropout(options, chunk, layer, _HIDDEN),
        own.activated,
        own.derivatives,
    )
    _add_product(
        weights.feed_forward_out,
        weights.feed_forward_out_bias,
        own.activated,
        _dropout(options, chunk, layer, _FEED_FORWARD),
        stream,
    )


def feed_forward_backward(
    weights: LayerArrays,
    options: PassOptions,
    chunk: Chunk,
    layer: int,
    own: LayerState,
    stream: Stream,
    weight_gradients: LayerArrays,
) -> None:
    """Computes the gradients of `feed_forward`.

    Args:
        weights: Weights of the layer.
        options: Options of the pass.
        chunk: Where the tokens are.
        layer: Number of the layer.
        own: The activations of the layer.
        stream: Gradients of the residual stream, which are added to.
        weight_gradients: Gets the gradients of the weights.
    """
    _add_product_backward(
        weights.feed_forward_out,
        own.activated,
        _dropout(options, chunk, layer, _FEED_FORWARD),
        stream,
        weight_gradients.feed_forward_out,
        weight_gradients.feed_forward_out_bias,
        stream.hidden,
    )
    activations.gelu_backward(
        stream.hidden, own.derivatives, weight_gradients.feed_forward_in_bias
    )
    stream.normalized_gradients[:, :] = 0.0
    products.multiply_backward(
        weights.feed_forward_in,
        own.feed_forward_norm.outputs,
        stream.hidden,
        weight_gradients.feed_forward_in,
        stream.normalized_gradients,
    )
    normalize_backward(
        weights.feed_forward_norm,
        stream,
        own.feed_forward_norm,
        weight_gradients.feed_forward_norm,
    )


def normalize(
    weights: NormalizationArrays, features: np.ndarray, state: NormalizationState
) -> None:
    """Normalises every token of `[units, tokens]` and keeps what going back needs."""
    norm.normalize(
        features,
        weights.gamma,
        weights.beta,
        np.float32(EPSILON),
        state.standardized,
        state.inverse_deviations,
        state.outputs,
    )


def normalize_backward(
    weights: NormalizationArrays,
    stream: Stream,
    own: NormalizationState,
    weight_gradients: NormalizationArrays,
) -> None:
    """Adds the gradients of `normalize`'s features, from `normalized_gradients`."""
    norm.normalize_backward(
        stream.normalized_gradients,
        weights.gamma,
        own.standardized,
        own.inverse_deviations,
        stream.gradients,
        weight_gradients.gamma,
        weight_gradients.beta,
    )


def _add_product(
    kernel: LayerKernel,
    bias: np.ndarray,
    inputs: np.ndarray,
    place: _DropoutArguments,
    stream: Stream,
) -> None:
    """Adds a product with its bias to the residual stream, after dropout."""
    products.multiply(kernel, inputs, stream.update)
    dropout.add_residual(stream.features, stream.update, bias, *place)


def _add_product_backward(
    kernel: LayerKernel,
    inputs: np.ndarray,
    place: _DropoutArguments,
    stream: Stream,
    kernel_gradient: LayerKernel,
    bias_gradient: np.ndarray,
    input_gradients: np.ndarray,
) -> None:
    """Computes the gradients of `_add_product`."""
    dropout.dropout_backward(stream.gradients, *place, stream.update, bias_gradient)
    input_gradients[:, :] = 0.0
    products.multiply_backward(
        kernel, inputs, stream.update, kernel_gradient, input_gradients
    )


def _parts(projected: np.ndarray, number: int) -> np.ndarray:
    """Equal parts of `[3 * units, tokens]`: all of it, or queries, keys and values."""
    return projected.reshape(number, -1, projected.shape[1])


def _dropout(
    options: PassOptions, chunk: Chunk, layer: int, place: int
) -> _DropoutArguments:
    """Seed, threshold and scale of the dropout at a place of a layer."""
    return (
        dropout.seed_of(options.seed, chunk.number, layer, place),
        *options.rate,
    )
