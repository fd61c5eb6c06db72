"""Relative positions of tokens in attention (Shaw et al., 2018)."""

from __future__ import annotations

import tensorflow as tf


def relative_position_indices(
    length: tf.Tensor, max_relative_position: int, unidirectional: bool
) -> tf.Tensor:
    """Which relative embedding belongs to each pair of positions.

    The distance from query to key is cut off at `max_relative_position` to both sides.
    Embeddings are counted from the farthest past on; without a future, keys ahead of
    the query point to the embedding of the present (they are masked anyway).

    Args:
        length: Number of positions, a scalar.
        max_relative_position: Distance beyond which positions are not told apart.
        unidirectional: Whether there are no embeddings for the future.

    Returns:
        Integers `[length, length]`, query by key, below `relative_length`.
    """
    positions = tf.range(length)
    distance = positions[tf.newaxis, :] - positions[:, tf.newaxis]
    farthest_future = 0 if unidirectional else max_relative_position
    return (
        tf.clip_by_value(distance, -max_relative_position, farthest_future)
        + max_relative_position
    )


def relative_length(max_relative_position: int, unidirectional: bool) -> int:
    """Number of relative embeddings: the past, the present and perhaps the future."""
    return max_relative_position + 1 + (0 if unidirectional else max_relative_position)
