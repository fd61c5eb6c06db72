"""Embeddings of the distance from query to key, in attention (Shaw et al., 2018).

The weights of a head are a band `[offsets, tokens]`, see `attention_loops`: all places
of a row have the same distance, so they share one embedding.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.attention_loops import OFFSETS, add_embedded
from rasa_randconn.kernels.compilation import inlined
from rasa_randconn.kernels.vectors import BYTES, INDEX_BYTES, LANES, address_of

_MOST_OFFSETS = OFFSETS[0]


@inlined
def relative_index(
    offset: int, max_relative_position: int, unidirectional: bool
) -> int:
    """Which embedding belongs to a distance from query to key.

    Beyond `max_relative_position`, distances are not told apart. Embeddings are counted
    from the farthest past on; without a future, keys ahead share that of the present.
    """
    nearest = 0 if unidirectional else max_relative_position
    distance = min(max(offset, -max_relative_position), nearest)
    return distance + max_relative_position


@inlined
def add_products(
    queries: np.ndarray,
    embeddings: np.ndarray,
    indices: np.ndarray,
    ranges: np.ndarray,
    zero_row: int,
    band: np.ndarray,
) -> None:
    """Adds the products of queries with the embeddings of the distances to keys.

    Args:
        queries: `[depth, tokens]`.
        embeddings: `[distances, depth]`.
        indices: Embedding of every row of the band.
        ranges: First and last offset of every vector of tokens `[vectors, 2]`; places
            of no other are changed.
        zero_row: The row of offset 0.
        band: `[offsets, tokens]`, with a vector before and after the tokens.
    """
    depth, tokens = queries.shape
    for vector in range(len(ranges)):
        token = vector * LANES
        offset, last = ranges[vector]
        while offset <= last:
            number = _MOST_OFFSETS if offset + _MOST_OFFSETS - 1 <= last else 1
            row = zero_row + offset
            add_embedded(
                number,
                address_of(queries) + BYTES * token,
                tokens - token,
                tokens,
                depth,
                address_of(embeddings),
                address_of(indices) + INDEX_BYTES * row,
                address_of(band) + BYTES * (row * band.shape[1] + LANES + token),
                band.shape[1],
            )
            offset += number


@inlined
def add_embeddings(
    band: np.ndarray, embeddings: np.ndarray, indices: np.ndarray, outputs: np.ndarray
) -> None:
    """Adds to every query the weighted embeddings of the distances to keys.

    Args:
        band: Weights `[offsets, tokens]`, zero for keys out of sight.
        embeddings: `[distances, depth]`.
        indices: Embedding of every row of the band.
        outputs: `[depth, tokens]`, added to.
    """
    depth, tokens = outputs.shape
    for row in range(len(band)):
        weights = band[row, LANES : LANES + tokens]
        for i in range(depth):
            factor = embeddings[indices[row], i]
            output = outputs[i]
            for token in range(tokens):
                output[token] += factor * weights[token]


@inlined
def add_embedding_gradients(
    band: np.ndarray, queries: np.ndarray, indices: np.ndarray, gradients: np.ndarray
) -> None:
    """Adds weighted queries to the gradients of the embeddings that they have used.

    Args:
        band: Weights `[offsets, tokens]`, zero for keys out of sight.
        queries: `[depth, tokens]`.
        indices: Embedding of every row of the band.
        gradients: Of the embeddings `[distances, depth]`, added to.
    """
    depth, tokens = queries.shape
    for row in range(len(band)):
        weights = band[row, LANES : LANES + tokens]
        for i in range(depth):
            total = np.float32(0.0)
            query = queries[i]
            for token in range(tokens):
                total += weights[token] * query[token]
            gradients[indices[row], i] += total
