"""Products of activations with kernels `[groups, fan_in, units_per_group]`.

Every group reads inputs of its own, at `indices`. The number of tokens is a multiple of
the vector length.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.array_types import Floats2, Floats3, Integers2
from rasa_randconn.kernels.compilation import compiled, inlined
from rasa_randconn.kernels.inner_loops import (
    ROWS,
    VECTORS,
    products_of_rows,
    tile_rows,
    tile_vectors,
    weighted_sums,
    weighted_sums_backward,
)
from rasa_randconn.kernels.vectors import BYTES, INDEX_BYTES, LANES, address_of

_MAX_ROWS = ROWS[0]

# With so many units per group, the weights of one unit share few sets of the cache and
# evict each other. A tile's weights are then copied next to each other first.
_MIN_UNITS_TO_COPY = 512

# Floats that the smallest cache of most processors holds beside a tile's weights.
_CACHED_FLOATS = 6 * 1024


@compiled
def multiply(
    kernel: Floats3, indices: Integers2, features: Floats2, outputs: Floats2
) -> None:
    """Computes the products of a layer, without its bias.

    Args:
        kernel: `[groups, fan_in, units_per_group]`.
        indices: Inputs of every group `[groups, fan_in]`.
        features: Activations `[inputs, tokens]`.
        outputs: Output: the activations `[units, tokens]`.
    """
    groups, fan_in, units = kernel.shape
    tokens = features.shape[1]
    tile_weights = np.empty((fan_in, _MAX_ROWS), np.float32)
    is_copied = units >= _MIN_UNITS_TO_COPY
    width = tokens if is_copied else _panel_width(fan_in)
    for group in range(groups):
        group_indices = address_of(indices) + INDEX_BYTES * group * fan_in
        for first_token in range(0, tokens, width):
            end = min(first_token + width, tokens)
            unit = 0
            while unit < units:
                rows = tile_rows(units - unit)
                weights = address_of(kernel) + BYTES * (group * fan_in * units + unit)
                distance = units
                if is_copied:
                    for i in range(fan_in):
                        for row in range(rows):
                            tile_weights[i, row] = kernel[group, i, unit + row]
                    weights = address_of(tile_weights)
                    distance = _MAX_ROWS
                first = address_of(outputs) + BYTES * (group * units + unit) * tokens
                token = first_token
                while token < end:
                    vectors = tile_vectors(end - token)
                    weighted_sums(
                        rows,
                        vectors,
                        weights,
                        1,
                        distance,
                        address_of(features) + BYTES * token,
                        fan_in,
                        group_indices,
                        first + BYTES * token,
                        tokens,
                    )
                    token += vectors * LANES
                unit += rows


@compiled
def multiply_backward(
    kernel: Floats3,
    indices: Integers2,
    gradients: Floats2,
    feature_gradients: Floats2,
) -> None:
    """Adds the gradients of `multiply` with respect to its features.

    Args:
        kernel: `[groups, fan_in, units_per_group]`.
        indices: Inputs of every group `[groups, fan_in]`.
        gradients: Gradients with respect to the outputs `[units, tokens]`.
        feature_gradients: Output: the gradients with respect to the features
            `[inputs, tokens]` are added to it.
    """
    groups, fan_in, units = kernel.shape
    tokens = gradients.shape[1]
    width = _panel_width(units)
    for group in range(groups):
        first = address_of(gradients) + BYTES * group * units * tokens
        for first_token in range(0, tokens, width):
            end = min(first_token + width, tokens)
            i = 0
            while i < fan_in:
                rows = tile_rows(fan_in - i)
                row = group * fan_in + i
                token = first_token
                while token < end:
                    vectors = tile_vectors(end - token)
                    weighted_sums_backward(
                        rows,
                        vectors,
                        address_of(kernel) + BYTES * row * units,
                        units,
                        1,
                        first + BYTES * token,
                        units,
                        address_of(indices) + INDEX_BYTES * row,
                        address_of(feature_gradients) + BYTES * token,
                        tokens,
                    )
                    token += vectors * LANES
                i += rows


@inlined
def _panel_width(rows: int) -> int:
    """Number of tokens of so many rows that stay in the cache, in whole tiles."""
    tile = VECTORS[0] * LANES
    return max(_CACHED_FLOATS // (rows * tile), 1) * tile


@compiled
def kernel_gradient(
    features: Floats2,
    indices: Integers2,
    gradients: Floats2,
    result: Floats3,
) -> None:
    """Computes the gradient of `multiply` with respect to its kernel.

    Args:
        features: Activations `[inputs, tokens]`.
        indices: Inputs of every group `[groups, fan_in]`.
        gradients: Gradients with respect to the outputs `[units, tokens]`.
        result: Output: the gradient `[groups, fan_in, units_per_group]`.
    """
    groups, fan_in, units = result.shape
    tokens = features.shape[1]
    tile = np.empty((4, 4), np.float32)
    has_whole_tiles = fan_in >= 4 and units >= 4
    # so many inputs stay in the cache while all units pass
    block = max(_CACHED_FLOATS // (4 * tokens), 1) * 4
    for group in range(groups):
        y = address_of(gradients) + BYTES * group * units * tokens
        for first_input in range(0, fan_in, block):
            for j in range(0, units, 4):
                # the last tile overlaps the one before it where sizes are no multiple
                # of 4
                j = max(min(j, units - 4), 0)
                for i in range(first_input, min(first_input + block, fan_in), 4):
                    i = max(min(i, fan_in - 4), 0)
                    target, distance = address_of(tile), 4
                    if has_whole_tiles:
                        target = address_of(result)
                        target += BYTES * ((group * fan_in + i) * units + j)
                        distance = units
                    _gradient_of_tile(
                        address_of(features),
                        indices[group],
                        i,
                        y,
                        units,
                        j,
                        tokens,
                        target,
                        distance,
                    )
                    if not has_whole_tiles:
                        for row in range(min(4, fan_in - i)):
                            for column in range(min(4, units - j)):
                                result[group, i + row, j + column] = tile[row, column]


@inlined
def _gradient_of_tile(
    features: int,
    inputs: np.ndarray,
    i: int,
    gradients: int,
    units: int,
    j: int,
    tokens: int,
    target: int,
    distance: int,
) -> None:
    """Computes the gradient of the weights between 4 inputs and 4 units of a group.

    Args:
        features: Address of the activations `[inputs, tokens]`.
        inputs: Inputs of the group `[fan_in]`.
        i: The first of the 4 inputs; after the last one, that one is repeated.
        gradients: Address of the gradients of the group `[units, tokens]`.
        units: Number of units of the group.
        j: The first of the 4 units; as with inputs.
        tokens: Number of tokens.
        target: Output: address of the gradient of the first weight.
        distance: From one input's weights to those of the next.
    """
    length = BYTES * tokens
    i1, i2, i3 = _next_indices(i, len(inputs))
    j1, j2, j3 = _next_indices(j, units)
    products_of_rows(
        features + inputs[i] * length,
        features + inputs[i1] * length,
        features + inputs[i2] * length,
        features + inputs[i3] * length,
        gradients + j * length,
        gradients + j1 * length,
        gradients + j2 * length,
        gradients + j3 * length,
        tokens,
        target,
        distance,
    )


@inlined
def _next_indices(first: int, size: int) -> tuple:
    """The three indices after `first`, clipped to `size - 1`."""
    last = size - 1
    return min(first + 1, last), min(first + 2, last), min(first + 3, last)
