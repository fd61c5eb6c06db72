"""The inner loops of attention, on vectors of tokens.

The attention weights of a head are a band `[offsets, tokens]`, see `attention`: at one
offset, consecutive queries meet consecutive keys, so both are vectors. Where a vector
reaches beyond the first or last token, the excess lanes are masked.
"""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.extending import intrinsic

from rasa_randconn.kernels.inner_loops import ROWS
from rasa_randconn.kernels.vectors import (
    INDEX_BYTES,
    LANES,
    VectorCode,
    specialize,
)

#: Numbers of offsets that loops are compiled for, largest first.
OFFSETS = (4, 1)


def _are_inside(builder: Any, first: Any, last: Any, width: Any, tokens: Any) -> Any:
    """Whether the vectors at `first` and `last` lie within the tokens."""
    lanes = tokens.type(LANES)
    results = [builder.icmp_signed("<=", lanes, width)]
    for position in (first, last):
        results.append(builder.icmp_signed("<=", tokens.type(0), position))
        results.append(builder.icmp_signed("<=", builder.add(position, lanes), tokens))
    combined = results[0]
    for result in results[1:]:
        combined = builder.and_(combined, result)
    return combined


def _products_at_offsets(
    typing_context: Any,
    number: Any,
    queries: Any,
    width: Any,
    keys: Any,
    first: Any,
    tokens: Any,
    depth: Any,
    results: Any,
    result_step: Any,
) -> Any:
    """Typing and code generation of `products_at_offsets`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, queries, width, keys, first = arguments[:5]
        tokens, depth, results, result_step = arguments[5:]
        full = VectorCode(builder)
        zero = full.integer(0)

        def emit(constant: int, is_masked: bool) -> None:
            query_code = full.within(zero, width) if is_masked else full
            columns = [builder.add(first, full.integer(i)) for i in range(constant)]
            key_codes = [
                full.within(column, tokens) if is_masked else full for column in columns
            ]

            def add(step: Any, totals: Any) -> Any:
                row = builder.mul(step, tokens)
                query = query_code.load(full.address(queries, row))
                key_row = full.address(keys, row)
                return [
                    code.multiply_add(
                        total, query, code.load(code.address(key_row, column))
                    )
                    for total, code, column in zip(totals, key_codes, columns)
                ]

            totals = full.accumulate(depth, full.zeros(constant), add)
            for i, total in enumerate(totals):
                distance = builder.mul(result_step, full.integer(i))
                full.store(total, full.address(results, distance))

        last = builder.add(first, builder.sub(number, full.integer(1)))
        is_inside = _are_inside(builder, first, last, width, tokens)
        specialize(builder, number, OFFSETS, is_inside, emit)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 9), generate


#: Multiplies a vector of queries with the keys at some consecutive offsets (to be
#: called in compiled code). Arguments: the number of offsets, one of `OFFSETS`; the
#: address of the first query in the first row, and how many queries remain; the address
#: of token 0 in the first row of keys; the key that the first query meets at the first
#: offset; the number of tokens; the depth, as queries and keys are `[depth, tokens]`;
#: the address of the results, and the distance from offset to offset.
products_at_offsets: Any = intrinsic(_products_at_offsets)


def _sums_over_offsets(
    typing_context: Any,
    rows: Any,
    weights: Any,
    weight_step: Any,
    values: Any,
    first: Any,
    direction: Any,
    count: Any,
    tokens: Any,
    outputs: Any,
    width: Any,
) -> Any:
    """Typing and code generation of `sums_over_offsets`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows, weights, weight_step, values, first = arguments[:5]
        direction, count, tokens, outputs, width = arguments[5:]
        full = VectorCode(builder)
        zero = full.integer(0)

        def emit(constant: int, is_masked: bool) -> None:
            row_offsets = [
                builder.mul(tokens, full.integer(row)) for row in range(constant)
            ]

            def add(step: Any, totals: Any) -> Any:
                distance = builder.mul(step, weight_step)
                weight = full.load(full.address(weights, distance))
                column = builder.add(first, builder.mul(step, direction))
                code = full.within(column, tokens) if is_masked else full
                start = code.address(values, column)
                return [
                    code.multiply_add(
                        total, weight, code.load(code.address(start, offset))
                    )
                    for total, offset in zip(totals, row_offsets)
                ]

            totals = full.accumulate(count, full.zeros(constant), add)
            code = full.within(zero, width) if is_masked else full
            for total, offset in zip(totals, row_offsets):
                code.store(total, code.address(outputs, offset))

        steps = builder.sub(count, full.integer(1))
        last = builder.add(first, builder.mul(steps, direction))
        is_inside = _are_inside(builder, first, last, width, tokens)
        specialize(builder, rows, ROWS, is_inside, emit)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 10), generate


#: Sums up weighted values over offsets, for some rows and one vector of tokens (to be
#: called in compiled code). Arguments: the number of rows, one of `ROWS`; the address
#: of the vector of weights at the first offset, and the distance to that at the next;
#: the address of token 0 in the first row of values; the token whose value the first
#: weight at the first offset multiplies, and the step of that token from offset to
#: offset; the number of offsets; the number of tokens, which is the distance from row
#: to row; the address of the first output in the first row, and how many outputs
#: remain.
sums_over_offsets: Any = intrinsic(_sums_over_offsets)


def _add_embedded(
    typing_context: Any,
    number: Any,
    queries: Any,
    width: Any,
    tokens: Any,
    depth: Any,
    embeddings: Any,
    indices: Any,
    results: Any,
    result_step: Any,
) -> Any:
    """Typing and code generation of `add_embedded`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, queries, width, tokens, depth = arguments[:5]
        embeddings, indices, results, result_step = arguments[5:]
        full = VectorCode(builder)

        def emit(constant: int, is_masked: bool) -> None:
            zero = full.integer(0)
            code = full.within(zero, width) if is_masked else full
            embedding_rows, result_rows = [], []
            for i in range(constant):
                index = full.load_index(
                    full.address(indices, full.integer(i), INDEX_BYTES)
                )
                first = builder.mul(depth, index)
                embedding_rows.append(full.address(embeddings, first))
                distance = builder.mul(result_step, full.integer(i))
                result_rows.append(full.address(results, distance))

            def add(step: Any, totals: Any) -> Any:
                row = full.address(queries, builder.mul(step, tokens))
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

        is_full = builder.icmp_signed(">=", width, full.integer(LANES))
        specialize(builder, number, OFFSETS, is_full, emit)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 9), generate


#: Adds the products of a vector of queries with the embeddings of some consecutive
#: offsets (to be called in compiled code). Arguments: the number of offsets, one of
#: `OFFSETS`; the address of the first query in the first row, and how many queries
#: remain; the distance from row to row of queries, and the depth, which is their number
#: of rows; the address of the embeddings `[embeddings, depth]`, and that of the index
#: of the first offset's embedding; the address of the results, and the distance from
#: offset to offset.
add_embedded: Any = intrinsic(_add_embedded)
