"""One chunk of a batch through the whole encoder, forward and backward."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels import dropout, layout, positional_encoding, products
from rasa_randconn.nn.activation_arrays import EncoderState
from rasa_randconn.nn.chunk import Chunk, PassOptions
from rasa_randconn.nn.sublayers import (
    add_attended,
    add_attended_backward,
    attend,
    attend_backward,
    feed_forward,
    feed_forward_backward,
    normalize,
    normalize_backward,
)
from rasa_randconn.nn.weight_arrays import EncoderArrays

# Place of the dropout before the first layer; those of layers have two numbers.
_EMBEDDING = -1


def encode(
    weights: EncoderArrays,
    options: PassOptions,
    chunk: Chunk,
    state: EncoderState,
    encoding: np.ndarray,
    inputs: np.ndarray,
    outputs: np.ndarray,
) -> None:
    """Encodes the tokens of a chunk.

    Args:
        weights: All weights.
        options: Options of the pass.
        chunk: Where the tokens are; gets the attention weights.
        state: Gets the activations.
        encoding: Encoding of every position `[units, positions]`.
        inputs: Activations of the batch `[tokens, inputs]`.
        outputs: Gets the chunk's part of the outputs `[wanted tokens, units]`.
    """
    stream = state.stream
    layout.take_tokens(inputs, chunk.first_token, chunk.starts[-1], state.inputs)
    products.multiply(weights.embedding, state.inputs, stream.features)
    positional_encoding.add_positional_encoding(
        stream.features,
        weights.embedding_bias,
        encoding,
        chunk.positions,
        dropout.seed_of(options.seed, chunk.number, _EMBEDDING),
        *options.rate,
    )
    last = len(weights.layers) - 1
    for i, (layer, own) in enumerate(zip(weights.layers, state.layers)):
        attend(layer, options, chunk, i, own, stream)
        attended = own.attended
        if i == last and chunk.wanted is not None:
            attended = state.last_attended
            layout.take_columns(own.attended, chunk.wanted, attended)
            layout.take_columns(
                stream.features, chunk.wanted, state.last_stream.features
            )
            stream = state.last_stream
        add_attended(layer, options, chunk, i, attended, stream)
        feed_forward(layer, options, chunk, i, own, stream)
    normalize(weights.norm, stream.features, state.norm)
    layout.put_tokens(state.norm.outputs, chunk.first_output, chunk.outputs, outputs)


def differentiate(
    weights: EncoderArrays,
    options: PassOptions,
    chunk: Chunk,
    state: EncoderState,
    output_gradients: np.ndarray,
    weight_gradients: EncoderArrays,
    input_gradients: np.ndarray,
) -> None:
    """Computes the gradients of `encode`.

    Args:
        weights: All weights.
        options: Options of the pass.
        chunk: Where the tokens are, with the attention weights.
        state: The activations.
        output_gradients: Of the outputs of the batch `[wanted tokens, units]`.
        weight_gradients: Gets the chunk's part of the gradients of all weights.
        input_gradients: Gets the chunk's part of those of the inputs.
    """
    stream = state.last_stream
    layout.take_tokens(
        output_gradients, chunk.first_output, chunk.outputs, stream.normalized_gradients
    )
    stream.gradients[:, :] = 0.0
    normalize_backward(weights.norm, stream, state.norm, weight_gradients.norm)
    last = len(weights.layers) - 1
    for i in range(last, -1, -1):
        layer, own = weights.layers[i], state.layers[i]
        own_gradients = weight_gradients.layers[i]
        attended = state.last_attended if i == last else own.attended
        feed_forward_backward(layer, options, chunk, i, own, stream, own_gradients)
        add_attended_backward(layer, options, chunk, i, attended, stream, own_gradients)
        if i == last and chunk.wanted is not None:
            narrow, stream = stream, state.stream
            layout.put_columns(narrow.gradients, chunk.wanted, stream.gradients)
            layout.put_columns(
                narrow.normalized_gradients, chunk.wanted, stream.normalized_gradients
            )
        attend_backward(
            layer,
            options,
            chunk,
            i,
            own,
            state.projected_gradients,
            stream,
            own_gradients,
        )
    positional_encoding.add_positional_encoding_backward(
        stream.gradients,
        dropout.seed_of(options.seed, chunk.number, _EMBEDDING),
        *options.rate,
        weight_gradients.embedding_bias,
    )
    state.input_gradients[:, :] = 0.0
    products.multiply_backward(
        weights.embedding,
        state.inputs,
        stream.gradients,
        weight_gradients.embedding,
        state.input_gradients,
    )
    layout.put_tokens(
        state.input_gradients, chunk.first_token, chunk.starts[-1], input_gradients
    )
