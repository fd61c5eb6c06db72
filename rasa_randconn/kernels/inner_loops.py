"""The inner loops of products with packed kernels, on vectors of tokens.

A loop keeps its sums in registers while it goes over the inputs or tokens, and reads
the inputs of a group where they are: what it costs is the multiplications. The
intrinsics are called in compiled code; arguments are addresses, and distances in
numbers.
"""

from __future__ import annotations

import itertools
from typing import Any

import llvmlite.binding
from numba.core import types
from numba.extending import intrinsic

from rasa_randconn.kernels.compilation import inlined
from rasa_randconn.kernels.vectors import (
    INDEX_BYTES,
    LANES,
    VectorCode,
    write_choice,
)


def _rows_in_registers() -> int:
    """How many vectors of sums fit into the registers, with room for the factors."""
    return 8 if llvmlite.binding.get_host_cpu_features().get("avx512f") else 6


#: Numbers of rows that a loop can have, falling.
ROWS = (_rows_in_registers(), 4, 2, 1)


@inlined
def rows_of_one_loop(rows: int) -> int:
    """How many of the rows that are left the next loop takes."""
    for number in ROWS:
        if rows >= number:
            return number
    return 0


def _weighted_sums(is_backward: bool) -> Any:
    """Makes a loop that sums up weighted inputs for some rows and a vector of tokens.

    It is called with

    - the number of rows, one of `ROWS`, and that of tokens, of which a vector is taken;
    - the address of the first weight, the weights' distances from row to row and from
      input to input;
    - the address of the first input at the first token, and the number of inputs;
    - the address of the indices: of the inputs, or going backward of the rows;
    - the address of the first row at the first token;
    - the distance between inputs, which is that between rows, too.

    Args:
        is_backward: Whether sums are added to the rows that the indices name, instead
            of put into rows that follow one another.
    """

    def typed(
        typing_context: Any,
        rows: Any,
        tokens: Any,
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
            rows, tokens, weights, row_step, input_step = arguments[:5]
            inputs, count, indices, outputs, length = arguments[5:]
            full = VectorCode(builder)

            def indexed(number: Any) -> Any:
                return full.index(full.place(indices, number, INDEX_BYTES))

            def write(constant: int, is_masked: bool) -> None:
                code = full.within(full.integer(0), tokens) if is_masked else full
                row_places = [
                    builder.mul(row_step, code.integer(row)) for row in range(constant)
                ]

                def add(step: Any, totals: Any) -> Any:
                    number = step if is_backward else indexed(step)
                    values = code.load(code.place(inputs, builder.mul(number, length)))
                    first = code.place(weights, builder.mul(step, input_step))
                    return [
                        code.add_product(
                            total, values, code.load_everywhere(code.place(first, row))
                        )
                        for total, row in zip(totals, row_places)
                    ]

                totals = code.sums(count, code.zeros(constant), add)
                for row, total in enumerate(totals):
                    number = code.integer(row)
                    if is_backward:
                        number = indexed(number)
                    place = code.place(outputs, builder.mul(number, length))
                    if is_backward:
                        total = builder.fadd(total, code.load(place))
                    code.store(total, place)

            is_full = builder.icmp_signed(">=", tokens, full.integer(LANES))
            write_choice(builder, rows, ROWS, is_full, write)
            return context.get_dummy_value()

        return types.none(*[types.int64] * 10), generate

    return intrinsic(typed)


#: Sums for rows that follow one another, of inputs that the indices name.
weighted_sums: Any = _weighted_sums(is_backward=False)

#: Sums that are added to the rows that the indices name.
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
    """How to compile `products_of_rows`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows, (tokens, results, result_step) = arguments[:8], arguments[8:]
        lanes = tokens.type(LANES)

        def add(code: VectorCode, first: Any, totals: Any) -> Any:
            vectors = [code.load(code.place(row, first)) for row in rows]
            pairs = itertools.product(vectors[:4], vectors[4:])
            return [code.add_product(t, x, y) for t, (x, y) in zip(totals, pairs)]

        code = VectorCode(builder)
        totals = code.sums(
            builder.sdiv(tokens, lanes),
            code.zeros(16),
            lambda step, totals: add(code, builder.mul(step, lanes), totals),
        )
        left = builder.srem(tokens, lanes)
        last = code.within(code.integer(0), left)
        totals = code.sums(
            builder.zext(builder.icmp_signed("<", code.integer(0), left), left.type),
            totals,
            lambda step, totals: add(last, builder.sub(tokens, left), totals),
        )
        square = code.sums_of_lanes(totals)
        for row in range(4):
            place = builder.mul(result_step, code.integer(row))
            code.store_part(square, 4 * row, 4, code.place(results, place))
        return context.get_dummy_value()

    return types.none(*[types.int64] * 11), generate


#: Multiplies 4 rows with 4 others, sums up over tokens, and puts the sums into an array
#: `[4, 4]`. It is called with the addresses of the rows at the first token, the number
#: of tokens, the address of the array and the distance between its rows.
products_of_rows: Any = intrinsic(_products_of_rows)
