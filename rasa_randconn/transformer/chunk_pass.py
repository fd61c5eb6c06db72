"""One chunk of a batch through the whole encoder, forward and backward."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels import dropout, embedding, layout, products
from rasa_randconn.transformer.activation_arrays import EncoderState
from rasa_randconn.transformer.chunk import Chunk, PassOptions
from rasa_randconn.transformer.sublayers import (
    attend,
    attend_backward,
    feed_forward,
    feed_forward_backward,
    normalize,
    normalize_backward,
)
from rasa_randconn.transformer.weight_arrays import EncoderArrays

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
        outputs: Gets the chunk's part of the outputs `[tokens, units]`.
    """
    layout.take_tokens(inputs, chunk.first_token, chunk.starts[-1], state.inputs)
    products.multiply(weights.embedding, state.inputs, state.features)
    embedding.place_tokens(
        state.features,
        weights.embedding_bias,
        encoding,
        chunk.positions,
        dropout.seed_of(options.seed, chunk.number, _EMBEDDING),
        *options.rate,
    )
    for i in range(len(weights.layers)):
        attend(weights.layers[i], options, chunk, i, state.layers[i], state)
        feed_forward(weights.layers[i], options, chunk, i, state.layers[i], state)
    normalize(weights.norm, state.features, state.norm)
    layout.put_tokens(state.norm.outputs, chunk.first_token, chunk.starts[-1], outputs)


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
        output_gradients: Of the outputs of the batch `[tokens, units]`.
        weight_gradients: Gets the chunk's part of the gradients of all weights.
        input_gradients: Gets the chunk's part of those of the inputs.
    """
    count = chunk.starts[-1]
    layout.take_tokens(
        output_gradients, chunk.first_token, count, state.normalized_gradients
    )
    state.gradients[:, :] = 0.0
    normalize_backward(
        weights.norm, state, state.norm, state.gradients, weight_gradients.norm
    )
    for i in range(len(weights.layers) - 1, -1, -1):
        feed_forward_backward(
            weights.layers[i],
            options,
            chunk,
            i,
            state.layers[i],
            state,
            weight_gradients.layers[i],
        )
        attend_backward(
            weights.layers[i],
            options,
            chunk,
            i,
            state.layers[i],
            state,
            weight_gradients.layers[i],
        )
    embedding.place_tokens_backward(
        state.gradients,
        dropout.seed_of(options.seed, chunk.number, _EMBEDDING),
        *options.rate,
        weight_gradients.embedding_bias,
    )
    state.input_gradients[:, :] = 0.0
    products.multiply_backward(
        weights.embedding,
        state.inputs,
        state.gradients,
        weight_gradients.embedding,
        state.input_gradients,
    )
    layout.put_tokens(state.input_gradients, chunk.first_token, count, input_gradients)
