"""The inner loops of products with packed kernels, on vectors of tokens.

A loop computes a tile: some rows, and some vectors of tokens. It keeps the tile's sums
in registers while it goes over the inputs, and reads the inputs of a group where they
lie, so no copy of them is made. The intrinsics are called in compiled code; they take
addresses, and distances as numbers of floats. All tokens come in whole vectors.
"""

from __future__ import annotations

import itertools
from typing import Any, List, Tuple

import llvmlite.binding
from numba.core import types
from numba.extending import intrinsic

from rasa_randconn.kernels.compilation import inlined
from rasa_randconn.kernels.vectors import (
    INDEX_BYTES,
    LANES,
    VectorCode,
    choose,
)

_HAS_32_REGISTERS = bool(llvmlite.binding.get_host_cpu_features().get("avx512f"))

#: Rows of a tile that loops are compiled for, largest first. The sums of the largest
#: one fit into the registers, with room for the factors.
ROWS = (8 if _HAS_32_REGISTERS else 6, 4, 2, 1)

#: Vectors of a tile that loops are compiled for, largest first.
VECTORS = (3, 2, 1) if _HAS_32_REGISTERS else (1,)

# Tiles of a single vector, where rows are short.
_ONE_VECTOR = (1,)

# Products of rows: so many on each side.
_ROWS_PER_SIDE = 4 if _HAS_32_REGISTERS else 2


@inlined
def tile_rows(remaining: int) -> int:
    """Number of rows of the next tile, given how many rows remain."""
    for rows in ROWS:
        if remaining >= rows:
            return rows
    return 0


@inlined
def tile_vectors(remaining: int) -> int:
    """Number of vectors of the next tile, given how many tokens remain."""
    for vectors in VECTORS:
        if remaining >= vectors * LANES:
            return vectors
    return 0


def _weighted_sums(is_backward: bool, vectors: Tuple[int, ...]) -> Any:
    """Makes the loop that sums up weighted inputs for a tile.

    Arguments of the loop:

    - the number of rows, one of `ROWS`, and of vectors;
    - the address of the first weight, and the weights' distances from row to row and
      from input to input;
    - the address of the first input at the first token, and the number of inputs;
    - the address of the indices: of the inputs, or in the backward pass of the rows;
    - the address of the first row at the first token;
    - the distance from input to input, which is also that from row to row.

    Args:
        is_backward: Whether sums are added to the rows at the indices, instead of
            stored in consecutive rows.
        vectors: The numbers of vectors to compile loops for.
    """

    def typed(
        typing_context: Any,
        rows: Any,
        tile_vectors: Any,
        weights: Any,
        weight_row_step: Any,
        weight_input_step: Any,
        inputs: Any,
        count: Any,
        indices: Any,
        outputs: Any,
        length: Any,
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            rows, tile_vectors, weights, row_step, input_step = arguments[:5]
            inputs, count, indices, outputs, length = arguments[5:]
            code = VectorCode(builder)

            def index_at(position: Any) -> Any:
                return code.load_index(code.address(indices, position, INDEX_BYTES))

            def vectors_at(base: Any, row: Any, count: int) -> List[Any]:
                first = code.address(base, builder.mul(row, length))
                return [
                    code.address(first, code.integer(vector * LANES))
                    for vector in range(count)
                ]

            def emit(row_count: int, vector_count: int) -> None:
                row_offsets = [
                    builder.mul(row_step, code.integer(row)) for row in range(row_count)
                ]

                def add(step: Any, totals: Any) -> Any:
                    row = step if is_backward else index_at(step)
                    addresses = vectors_at(inputs, row, vector_count)
                    values = [code.load(address) for address in addresses]
                    first = code.address(weights, builder.mul(step, input_step))
                    factors = [
                        code.load_broadcast(code.address(first, offset))
                        for offset in row_offsets
                    ]
                    pairs = itertools.product(factors, values)
                    return [
                        code.multiply_add(total, value, factor)
                        for total, (factor, value) in zip(totals, pairs)
                    ]

                zeros = code.zeros(row_count * vector_count)
                totals = iter(code.accumulate(count, zeros, add))
                for i in range(row_count):
                    row = code.integer(i)
                    if is_backward:
                        row = index_at(row)
                    for output in vectors_at(outputs, row, vector_count):
                        total = next(totals)
                        if is_backward:
                            total = builder.fadd(total, code.load(output))
                        code.store(total, output)

            choose(
                builder,
                rows,
                ROWS,
                lambda row_count: choose(
                    builder,
                    tile_vectors,
                    vectors,
                    lambda vector_count: emit(row_count, vector_count),
                ),
            )
            return context.get_dummy_value()

        return types.none(*[types.int64] * 10), generate

    return intrinsic(typed)


#: Sums of the inputs at the indices, stored in consecutive rows.
weighted_sums: Any = _weighted_sums(False, VECTORS)

#: Sums of consecutive inputs, added to the rows at the indices.
weighted_sums_backward: Any = _weighted_sums(True, VECTORS)

#: The same for tiles of one vector.
narrow_weighted_sums: Any = _weighted_sums(False, _ONE_VECTOR)
narrow_weighted_sums_backward: Any = _weighted_sums(True, _ONE_VECTOR)


def _products_of_rows(
    typing_context: Any,
    x0: Any,
    x1: Any,
    x2: Any,
    x3: Any,
    y0: Any,
    y1: Any,
    y2: Any,
    y3: Any,
    tokens: Any,
    results: Any,
    result_step: Any,
) -> Any:
    """Typing and code generation of `products_of_rows`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows, (tokens, results, result_step) = arguments[:8], arguments[8:]
        code = VectorCode(builder)
        lanes = code.integer(LANES)
        vectors = builder.sdiv(tokens, lanes)

        def sums(x: Any, y: Any) -> Any:
            """Vectors of sums, by row of x and row of y."""

            def add(step: Any, totals: Any) -> Any:
                first = builder.mul(step, lanes)
                x_vectors = [code.load(code.address(row, first)) for row in x]
                y_vectors = [code.load(code.address(row, first)) for row in y]
                pairs = itertools.product(x_vectors, y_vectors)
                return [code.multiply_add(t, *pair) for t, pair in zip(totals, pairs)]

            return code.accumulate(vectors, code.zeros(len(x) * len(y)), add)

        totals: List[Any] = [None] * 16
        starts = range(0, 4, _ROWS_PER_SIDE)
        for i, j in itertools.product(starts, starts):
            x, y = (rows[k : k + _ROWS_PER_SIDE] for k in (i, 4 + j))
            pairs = itertools.product(range(i, i + len(x)), range(j, j + len(y)))
            for (row, column), total in zip(pairs, sums(x, y)):
                totals[4 * row + column] = total
        tile = code.horizontal_sums(totals)
        for row in range(4):
            offset = builder.mul(result_step, code.integer(row))
            code.store_part(tile, 4 * row, 4, code.address(results, offset))
        return context.get_dummy_value()

    return types.none(*[types.int64] * 11), generate


#: Multiplies 4 rows with 4 others, sums up over tokens, and stores the sums in a tile
#: `[4, 4]`. Arguments: the addresses of the rows at the first token, the number of
#: tokens, the address of the tile and the distance between its rows.
products_of_rows: Any = intrinsic(_products_of_rows)
