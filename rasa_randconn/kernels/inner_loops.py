"""The inner loops of products with packed kernels, on vectors of tokens.

A loop computes a tile: some rows, and one vector of tokens. It keeps the tile's sums in
registers while it goes over the inputs, and reads the inputs of a group where they lie,
so no copy of them is made. The intrinsics are called in compiled code; they take
addresses, and distances as numbers of floats. All tokens come in whole vectors.
"""

from __future__ import annotations

import itertools
from typing import Any, List

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

# The same for products of rows: so many on each side.
_ROWS_PER_SIDE = 4 if _HAS_32_REGISTERS else 2


@inlined
def tile_rows(remaining: int) -> int:
    """Number of rows of the next tile, given how many rows remain."""
    for rows in ROWS:
        if remaining >= rows:
            return rows
    return 0


def _weighted_sums(is_backward: bool) -> Any:
    """Makes the loop that sums up weighted inputs for a tile.

    Arguments of the loop:

    - the number of rows, one of `ROWS`;
    - the address of the first weight, and the weights' distances from row to row and
      from input to input;
    - the address of the first input at the first token, and the number of inputs;
    - the address of the indices: of the inputs, or in the backward pass of the rows;
    - the address of the first row at the first token;
    - the distance from input to input, which is also that from row to row.

    Args:
        is_backward: Whether sums are added to the rows at the indices, instead of
            stored in consecutive rows.
    """

    def typed(
        typing_context: Any,
        rows: Any,
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
            rows, weights, row_step, input_step = arguments[:4]
            inputs, count, indices, outputs, length = arguments[4:]
            code = VectorCode(builder)

            def index_at(position: Any) -> Any:
                return code.load_index(code.address(indices, position, INDEX_BYTES))

            def emit(constant: int) -> None:
                row_offsets = [
                    builder.mul(row_step, code.integer(row)) for row in range(constant)
                ]

                def add(step: Any, totals: Any) -> Any:
                    row = step if is_backward else index_at(step)
                    values = code.load(code.address(inputs, builder.mul(row, length)))
                    first = code.address(weights, builder.mul(step, input_step))
                    return [
                        code.multiply_add(
                            total,
                            values,
                            code.load_broadcast(code.address(first, offset)),
                        )
                        for total, offset in zip(totals, row_offsets)
                    ]

                totals = code.accumulate(count, code.zeros(constant), add)
                for i, total in enumerate(totals):
                    row = code.integer(i)
                    if is_backward:
                        row = index_at(row)
                    output = code.address(outputs, builder.mul(row, length))
                    if is_backward:
                        total = builder.fadd(total, code.load(output))
                    code.store(total, output)

            choose(builder, rows, ROWS, emit)
            return context.get_dummy_value()

        return types.none(*[types.int64] * 9), generate

    return intrinsic(typed)


#: Sums of the inputs at the indices, stored in consecutive rows.
weighted_sums: Any = _weighted_sums(is_backward=False)

#: Sums of consecutive inputs, added to the rows at the indices.
weighted_sums_backward: Any = _weighted_sums(is_backward=True)


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
