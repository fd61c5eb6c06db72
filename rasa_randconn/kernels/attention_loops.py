"""The inner loops of attention, on vectors of tokens.

The attention weights of a head are a band `[offsets, tokens]`, see `attention`: at one
offset, consecutive queries meet consecutive keys, so both are vectors. The intrinsics
are called in compiled code; they take addresses, and distances as numbers of floats.
"""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.extending import intrinsic

from rasa_randconn.kernels.inner_loops import ROWS
from rasa_randconn.kernels.vectors import INDEX_BYTES, VectorCode, choose

#: Numbers of offsets that loops are compiled for, largest first.
OFFSETS = (4, 1)


def _products_at_offsets(
    typing_context: Any,
    number: Any,
    queries: Any,
    keys: Any,
    length: Any,
    depth: Any,
    results: Any,
    result_step: Any,
) -> Any:
    """Typing and code generation of `products_at_offsets`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, queries, keys, length, depth, results, result_step = arguments
        code = VectorCode(builder)

        def emit(constant: int) -> None:
            def add(step: Any, totals: Any) -> Any:
                row = builder.mul(step, length)
                query = code.load(code.address(queries, row))
                key_row = code.address(keys, row)
                return [
                    code.multiply_add(
                        total, query, code.load(code.address(key_row, code.integer(i)))
                    )
                    for i, total in enumerate(totals)
                ]

            totals = code.accumulate(depth, code.zeros(constant), add)
            for i, total in enumerate(totals):
                distance = builder.mul(result_step, code.integer(i))
                code.store(total, code.address(results, distance))

        choose(builder, number, OFFSETS, emit)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 7), generate


#: Multiplies a vector of queries with the keys at some consecutive offsets. Arguments:
#: the number of offsets, one of `OFFSETS`; the address of the first query in the first
#: row, and that of the key which it meets at the first offset; the distance from row to
#: row of both, and the number of rows; the address of the results, and the distance
#: from offset to offset.
products_at_offsets: Any = intrinsic(_products_at_offsets)


def _sums_over_offsets(
    typing_context: Any,
    rows: Any,
    weights: Any,
    weight_step: Any,
    values: Any,
    value_step: Any,
    count: Any,
    length: Any,
    outputs: Any,
    output_length: Any,
) -> Any:
    """Typing and code generation of `sums_over_offsets`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows, weights, weight_step, values, value_step = arguments[:5]
        count, length, outputs, output_length = arguments[5:]
        code = VectorCode(builder)

        def emit(constant: int) -> None:
            row_offsets = [
                builder.mul(length, code.integer(row)) for row in range(constant)
            ]

            def add(step: Any, totals: Any) -> Any:
                weight = code.load(
                    code.address(weights, builder.mul(step, weight_step))
                )
                first = code.address(values, builder.mul(step, value_step))
                return [
                    code.multiply_add(
                        total, weight, code.load(code.address(first, offset))
                    )
                    for total, offset in zip(totals, row_offsets)
                ]

            totals = code.accumulate(count, code.zeros(constant), add)
            for i, total in enumerate(totals):
                distance = builder.mul(output_length, code.integer(i))
                code.store(total, code.address(outputs, distance))

        choose(builder, rows, ROWS, emit)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 9), generate


#: Sums up weighted values over offsets, for some rows and one vector of tokens.
#: Arguments: the number of rows, one of `ROWS`; the address of the vector of weights at
#: the first offset, and the distance to that at the next; the address of the value in
#: the first row that the first weight multiplies, and the distance to that at the next
#: offset; the number of offsets; the distance from row to row of values; the address of
#: the first output in the first row, and the distance from row to row of outputs.
sums_over_offsets: Any = intrinsic(_sums_over_offsets)


def _add_embedded(
    typing_context: Any,
    number: Any,
    queries: Any,
    length: Any,
    depth: Any,
    embeddings: Any,
    indices: Any,
    results: Any,
    result_step: Any,
) -> Any:
    """Typing and code generation of `add_embedded`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, queries, length, depth = arguments[:4]
        embeddings, indices, results, result_step = arguments[4:]
        code = VectorCode(builder)

        def emit(constant: int) -> None:
            embedding_rows, result_rows = [], []
            for i in range(constant):
                index = code.load_index(
                    code.address(indices, code.integer(i), INDEX_BYTES)
                )
                first = builder.mul(depth, index)
                embedding_rows.append(code.address(embeddings, first))
                distance = builder.mul(result_step, code.integer(i))
                result_rows.append(code.address(results, distance))

            def add(step: Any, totals: Any) -> Any:
                row = code.address(queries, builder.mul(step, length))
                query = code.load(row)
                return [
                    code.multiply_add(
                        total, query, code.load_broadcast(code.address(embedding, step))
                    )
                    for total, embedding in zip(totals, embedding_rows)
                ]

            start = [code.load(row) for row in result_rows]
            for total, row in zip(code.accumulate(depth, start, add), result_rows):
                code.store(total, row)

        choose(builder, number, OFFSETS, emit)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 8), generate


#: Adds the products of a vector of queries with the embeddings of some consecutive
#: offsets. Arguments: the number of offsets, one of `OFFSETS`; the address of the first
#: query in the first row, the distance from row to row, and the number of rows; the
#: address of the embeddings `[embeddings, depth]`, and that of the index of the first
#: offset's embedding; the address of the results, and the distance from offset to
#: offset.
add_embedded: Any = intrinsic(_add_embedded)
