"""Products of activations with kernels in which every output has inputs of its own.

Such a kernel is a sparse matrix. Its products are sums of weighted rows (SpMM); its
gradient is a product of two rows for every connection (SDDMM).

Connections lie in compressed sparse rows (CSR), by output or by input, sorted by index.
Each row is cut into blocks of `BLOCK` indices, because the activations of a block stay
in the cache while all rows are computed: row `r` has its connections with block `b`
from `indptr[r * blocks + b]` to `indptr[r * blocks + b + 1]`.

All arrays are contiguous; activations are 32-bit floats, of whole vectors of tokens.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.array_types import (
    Floats1,
    Floats2,
    Integers1,
    ShortIntegers1,
)
from rasa_randconn.kernels.compilation import compiled, inlined
from rasa_randconn.kernels.sparse_rows_loops import (
    TILES,
    add_products_of_rows,
    copy_rows,
    sum_of_rows_weighted_at,
    sum_of_weighted_rows,
    tile_size,
)
from rasa_randconn.kernels.vectors import (
    BYTES,
    LANES,
    SHORT_INDEX_BYTES,
    address_of,
)

#: Number of indices in a block.
BLOCK = 128

# So many tokens of a block fill the smallest cache of most processors.
_TOKENS = TILES[0] * LANES

# Tokens of a block in the gradient; more, because each connection ends with a sum over
# the lanes of a vector.
_TOKENS_OF_GRADIENT = 2 * _TOKENS


def blocked_indptr(rows: np.ndarray, indices: np.ndarray, shape: tuple) -> np.ndarray:
    """Where the connections of every row with every block begin.

    Args:
        rows: Row of every connection, rising `[connections]`.
        indices: Index of every connection, rising within a row `[connections]`.
        shape: Number of rows, and of indices.

    Returns:
        64-bit integers `[rows * blocks + 1]`.
    """
    blocks = -(-shape[1] // BLOCK)
    counts = np.bincount(rows * blocks + indices // BLOCK, minlength=shape[0] * blocks)
    return np.concatenate([[0], np.cumsum(counts)])


@compiled
def multiply(
    indptr: Integers1,
    indices: ShortIntegers1,
    positions: ShortIntegers1,
    kernel: Floats1,
    features: Floats2,
    outputs: Floats2,
) -> None:
    """Computes the products of a layer, without its bias.

    Args:
        indptr: Where the connections of every output begin `[units * blocks + 1]`.
        indices: Inputs of the connections, output by output `[connections]`.
        positions: Positions of their weights in the kernel `[connections]`.
        kernel: `[connections]`, in any order.
        features: Activations `[inputs, tokens]`.
        outputs: Output: the activations `[units, tokens]`.
    """
    # arranging the weights by output pays if they are read more than once
    are_few = features.shape[1] <= _TOKENS
    weights = np.empty(0 if are_few else len(positions), np.float32)
    for i in range(len(weights)):
        weights[i] = kernel[positions[i]]
    _sum_rows(
        indptr,
        indices,
        are_few,
        positions,
        kernel if are_few else weights,
        features,
        False,
        outputs,
    )


@compiled
def multiply_backward(
    indptr: Integers1,
    indices: ShortIntegers1,
    kernel: Floats1,
    gradients: Floats2,
    feature_gradients: Floats2,
) -> None:
    """Adds the gradients of `multiply` with respect to its features.

    Args:
        indptr: Where the connections of every input begin `[inputs * blocks + 1]`.
        indices: Outputs of the connections, input by input `[connections]`.
        kernel: Their weights, in the same order `[connections]`.
        gradients: Gradients with respect to the outputs `[units, tokens]`.
        feature_gradients: Output: the gradients with respect to the features
            `[inputs, tokens]` are added to it.
    """
    _sum_rows(
        indptr, indices, False, indices, kernel, gradients, True, feature_gradients
    )


@compiled
def kernel_gradient(
    indptr: Integers1,
    indices: ShortIntegers1,
    features: Floats2,
    gradients: Floats2,
    result: Floats1,
) -> None:
    """Computes the gradient of `multiply` with respect to its kernel.

    Args:
        indptr: Where the connections of every input begin `[inputs * blocks + 1]`.
        indices: Outputs of the connections, input by input `[connections]`.
        features: Activations `[inputs, tokens]`.
        gradients: Gradients with respect to the outputs `[units, tokens]`.
        result: Output: the gradient, in the same order `[connections]`.
    """
    inputs, tokens = features.shape
    units = len(gradients)
    blocks = (units + BLOCK - 1) // BLOCK
    copies = np.empty(BLOCK * _TOKENS_OF_GRADIENT, np.float32)
    result[:] = 0.0
    for token in range(0, tokens, _TOKENS_OF_GRADIENT):
        width = min(_TOKENS_OF_GRADIENT, tokens - token)
        for block in range(blocks):
            first_unit = block * BLOCK
            column = 0
            while column < width:
                vectors = tile_size((width - column) // LANES)
                position = first_unit * tokens + token + column
                copy_rows(
                    vectors,
                    address_of(gradients) + BYTES * position,
                    tokens,
                    min(BLOCK, units - first_unit),
                    address_of(copies) + BYTES * column,
                    _TOKENS_OF_GRADIENT,
                )
                column += vectors * LANES
            unit_0 = address_of(copies) - BYTES * first_unit * _TOKENS_OF_GRADIENT
            for row in range(inputs):
                first = indptr[row * blocks + block]
                end = indptr[row * blocks + block + 1]
                while first < end:
                    count = tile_size(end - first)
                    add_products_of_rows(
                        count,
                        width // LANES,
                        address_of(features) + BYTES * (row * tokens + token),
                        address_of(indices) + SHORT_INDEX_BYTES * first,
                        unit_0,
                        _TOKENS_OF_GRADIENT,
                        address_of(result) + BYTES * first,
                    )
                    first += count


@inlined
def _sum_rows(
    indptr: np.ndarray,
    indices: np.ndarray,
    has_positions: bool,
    positions: np.ndarray,
    weights: np.ndarray,
    sources: np.ndarray,
    is_added: bool,
    results: np.ndarray,
) -> None:
    """Multiplies a sparse matrix with activations.

    Args:
        indptr: Where the connections of every result begin `[rows * blocks + 1]`.
        indices: Sources of the connections `[connections]`.
        has_positions: Whether the weights lie at positions, not in the same order.
        positions: Positions of the weights `[connections]`.
        weights: `[connections]`.
        sources: `[sources, tokens]`.
        is_added: Whether sums are added to the results.
        results: Output: the sums `[rows, tokens]`.
    """
    rows, tokens = results.shape
    blocks = (len(sources) + BLOCK - 1) // BLOCK
    copies = np.empty(BLOCK * _TOKENS, np.float32)
    zeros = np.zeros(_TOKENS, np.float32)
    # sums of some blocks; those of all blocks are the results
    sums = np.empty(rows * _TOKENS if blocks > 1 else 0, np.float32)
    token = 0
    while token < tokens:
        vectors = tile_size((tokens - token) // LANES)
        width = vectors * LANES
        # rows of few tokens leave room for a second block
        step = min(2, _TOKENS // width)
        for block in range(0, blocks, step):
            next_block = min(block + step, blocks)
            first_source = block * BLOCK
            copy_rows(
                vectors,
                address_of(sources) + BYTES * (first_source * tokens + token),
                tokens,
                min(len(sources), next_block * BLOCK) - first_source,
                address_of(copies),
                width,
            )
            source_0 = address_of(copies) - BYTES * first_source * width
            result, result_step = address_of(results) + BYTES * token, BYTES * tokens
            start, start_step = result, result_step
            if block > 0:
                start, start_step = address_of(sums), BYTES * width
            elif not is_added:
                start, start_step = address_of(zeros), 0
            if next_block < blocks:
                result, result_step = address_of(sums), BYTES * width
            for row in range(rows):
                first = indptr[row * blocks + block]
                count = indptr[row * blocks + next_block] - first
                own_indices = address_of(indices) + SHORT_INDEX_BYTES * first
                if has_positions:
                    sum_of_rows_weighted_at(
                        vectors,
                        own_indices,
                        count,
                        address_of(weights),
                        address_of(positions) + SHORT_INDEX_BYTES * first,
                        source_0,
                        start + row * start_step,
                        result + row * result_step,
                    )
                else:
                    sum_of_weighted_rows(
                        vectors,
                        own_indices,
                        count,
                        address_of(weights) + BYTES * first,
                        0,
                        source_0,
                        start + row * start_step,
                        result + row * result_step,
                    )
        token += width
