"""Embeddings of the offset `key - query` in attention.

The weights of a head are a band `[offsets, tokens]`, see `attention`: a row has one
offset, so it has one embedding.

Source: Shaw et al., "Self-Attention with Relative Position Representations", 2018.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.attention_loops import OFFSETS, add_embedded
from rasa_randconn.kernels.compilation import inlined, shared
from rasa_randconn.kernels.vectors import (
    BYTES,
    INDEX_BYTES,
    LANES,
    address_of,
    floats_at,
)

_MAX_OFFSETS = OFFSETS[0]


@inlined
def relative_index(
    offset: int, max_relative_position: int, unidirectional: bool
) -> int:
    """The index of the embedding of an offset.

    Offsets are clipped to `[-max_relative_position, max_relative_position]`, or, if
    unidirectional, to `[-max_relative_position, 0]`; the lowest has index 0.
    """
    highest = 0 if unidirectional else max_relative_position
    clipped = min(max(offset, -max_relative_position), highest)
    return clipped + max_relative_position


@shared
def add_products(
    queries: np.ndarray,
    embeddings: np.ndarray,
    indices: np.ndarray,
    ranges: np.ndarray,
    zero_row: int,
    band: np.ndarray,
) -> None:
    """Adds the dot products of queries and the embeddings of their offsets to a band.

    Args:
        queries: `[depth, margin + tokens + margin]`.
        embeddings: `[embeddings, depth]`.
        indices: Index of the embedding of each row of the band.
        ranges: First and last offset of each vector of tokens `[vectors, 2]`.
        zero_row: The row of offset 0.
        band: Output: the products are added to it, at these offsets only.
    """
    depth, length = queries.shape
    margin = (length - LANES * len(ranges)) // 2
    for vector in range(len(ranges)):
        token = vector * LANES
        offset, last = ranges[vector]
        while offset <= last:
            number = _MAX_OFFSETS if offset + _MAX_OFFSETS - 1 <= last else 1
            row = zero_row + offset
            add_embedded(
                number,
                address_of(queries) + BYTES * (margin + token),
                length,
                depth,
                address_of(embeddings),
                address_of(indices) + INDEX_BYTES * row,
                address_of(band) + BYTES * (row * band.shape[1] + LANES + token),
                band.shape[1],
            )
            offset += number


@shared
def add_embeddings(
    band: np.ndarray,
    embeddings: np.ndarray,
    indices: np.ndarray,
    outputs: np.ndarray,
    first_row: int,
) -> None:
    """Adds the weighted embeddings of its offsets to each query's output.

    Args:
        band: Weights, zero where a query does not attend.
        embeddings: `[embeddings, depth]`.
        indices: Index of the embedding of each row of the band.
        outputs: Output: the sums are added to it, to rows from the following one on
            `[all rows, tokens]`.
        first_row: The row of the first sum.
    """
    tokens = outputs.shape[1]
    for row in range(len(band)):
        weights = _row_of_band(band, row)
        for i in range(embeddings.shape[1]):
            factor = embeddings[indices[row], i]
            output = floats_at(
                address_of(outputs) + BYTES * (first_row + i) * tokens, tokens
            )
            for token in range(tokens):
                output[token] += factor * weights[token]


@shared
def add_embedding_gradients(
    band: np.ndarray, queries: np.ndarray, indices: np.ndarray, gradients: np.ndarray
) -> None:
    """Adds the gradients with respect to embeddings: sums of weighted queries.

    Args:
        band: Weights, zero where a query does not attend.
        queries: `[depth, margin + tokens + margin]`.
        indices: Index of the embedding of each row of the band.
        gradients: Output: the gradients `[embeddings, depth]` are added to it.
    """
    depth, length = queries.shape
    tokens = band.shape[1] - 2 * LANES
    margin = (length - tokens) // 2
    for row in range(len(band)):
        weights = _row_of_band(band, row)
        for i in range(depth):
            query = floats_at(
                address_of(queries) + BYTES * (i * length + margin), tokens
            )
            total = np.float32(0.0)
            for token in range(tokens):
                total += weights[token] * query[token]
            gradients[indices[row], i] += total


@inlined
def _row_of_band(band: np.ndarray, row: int) -> np.ndarray:
    """A view of the weights of all tokens at one offset."""
    width = band.shape[1]
    return floats_at(
        address_of(band) + BYTES * (row * width + LANES), width - 2 * LANES
    )
