"""The inner loops of attention, on vectors of tokens.

A query's weights for the keys of its example lie in a band `[offsets, tokens]`: the
offset is the distance from query to key, so that one vector of queries meets one vector
of keys. Where a vector reaches beyond the tokens, it is cut off.
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
    write_choice,
)

#: Numbers of offsets that a loop can have, falling.
OFFSETS = (4, 1)


def _are_inside(builder: Any, first: Any, last: Any, width: Any, tokens: Any) -> Any:
    """Whether two vectors, and all between them, lie within the tokens."""
    lanes = tokens.type(LANES)
    results = [builder.icmp_signed("<=", lanes, width)]
    for place in (first, last):
        results.append(builder.icmp_signed("<=", tokens.type(0), place))
        results.append(builder.icmp_signed("<=", builder.add(place, lanes), tokens))
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
    """How to compile `products_at_offsets`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, queries, width, keys, first = arguments[:5]
        tokens, depth, results, result_step = arguments[5:]
        everything = VectorCode(builder)
        zero = everything.integer(0)

        def write(constant: int, is_masked: bool) -> None:
            query_code = everything.within(zero, width) if is_masked else everything
            columns = [
                builder.add(first, everything.integer(i)) for i in range(constant)
            ]
            key_codes = [
                everything.within(column, tokens) if is_masked else everything
                for column in columns
            ]

            def add(step: Any, totals: Any) -> Any:
                row = builder.mul(step, tokens)
                query = query_code.load(everything.place(queries, row))
                key_row = everything.place(keys, row)
                return [
                    code.add_product(
                        total, query, code.load(code.place(key_row, column))
                    )
                    for total, code, column in zip(totals, key_codes, columns)
                ]

            totals = everything.sums(depth, everything.zeros(constant), add)
            for i, total in enumerate(totals):
                place = builder.mul(result_step, everything.integer(i))
                everything.store(total, everything.place(results, place))

        last = builder.add(first, builder.sub(number, everything.integer(1)))
        is_inside = _are_inside(builder, first, last, width, tokens)
        write_choice(builder, number, OFFSETS, is_inside, write)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 9), generate


#: Multiplies a vector of queries with those of keys at some offsets that follow one
#: another (to be called in compiled code). Arguments: the number of offsets, one of
#: `OFFSETS`; the address of the first query's first number, and how many queries there
#: are; the address of the first key of all; which key the first offset leads the first
#: query to; the number of keys; the number of rows of queries and keys, which are
#: `[depth, tokens]`; the address of the results, and the distance between offsets.
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
    """How to compile `sums_over_offsets`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows, weights, weight_step, values, first = arguments[:5]
        direction, count, tokens, outputs, width = arguments[5:]
        everything = VectorCode(builder)
        zero = everything.integer(0)

        def write(constant: int, is_masked: bool) -> None:
            places = [
                builder.mul(tokens, everything.integer(r)) for r in range(constant)
            ]

            def add(step: Any, totals: Any) -> Any:
                place = everything.place(weights, builder.mul(step, weight_step))
                weight = everything.load(place)
                column = builder.add(first, builder.mul(step, direction))
                code = everything.within(column, tokens) if is_masked else everything
                start = code.place(values, column)
                return [
                    code.add_product(total, weight, code.load(code.place(start, row)))
                    for total, row in zip(totals, places)
                ]

            totals = everything.sums(count, everything.zeros(constant), add)
            code = everything.within(zero, width) if is_masked else everything
            for total, row in zip(totals, places):
                code.store(total, code.place(outputs, row))

        steps = builder.sub(count, everything.integer(1))
        last = builder.add(first, builder.mul(steps, direction))
        is_inside = _are_inside(builder, first, last, width, tokens)
        write_choice(builder, rows, ROWS, is_inside, write)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 10), generate


#: Sums up weighted values over offsets, for some rows and one vector of tokens (to be
#: called in compiled code). Arguments: the number of rows, one of `ROWS`; the address
#: of the vector of weights at the first offset, and the distance to that of the next;
#: the address of the first value of the first row; which value the first weight of the
#: first offset belongs to, and by how much that changes from offset to offset; the
#: number of offsets; the number of tokens, which is the distance between rows; the
#: address of the first output of the first row, and how many outputs there are.
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
    """How to compile `add_embedded`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, queries, width, tokens, depth = arguments[:5]
        embeddings, indices, results, result_step = arguments[5:]
        everything = VectorCode(builder)

        def write(constant: int, is_masked: bool) -> None:
            zero = everything.integer(0)
            code = everything.within(zero, width) if is_masked else everything
            own_embeddings, places = [], []
            for i in range(constant):
                index_place = everything.place(
                    indices, everything.integer(i), INDEX_BYTES
                )
                first = builder.mul(depth, everything.index(index_place))
                own_embeddings.append(everything.place(embeddings, first))
                place = builder.mul(result_step, everything.integer(i))
                places.append(everything.place(results, place))

            def add(step: Any, totals: Any) -> Any:
                row = everything.place(queries, builder.mul(step, tokens))
                query = code.load(row)
                return [
                    code.add_product(
                        total, query, code.load_everywhere(code.place(embedding, step))
                    )
                    for total, embedding in zip(totals, own_embeddings)
                ]

            start = [code.load(place) for place in places]
            for total, place in zip(code.sums(depth, start, add), places):
                code.store(total, place)

        is_full = builder.icmp_signed(">=", width, everything.integer(LANES))
        write_choice(builder, number, OFFSETS, is_full, write)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 9), generate


#: Adds the products of a vector of queries with the embeddings of some offsets that
#: follow one another (to be called in compiled code). Arguments: the number of offsets,
#: one of `OFFSETS`; the address of the first query's first number, and how many queries
#: there are; the distance between rows of queries, and the number of rows; the address
#: of the embeddings `[embeddings, depth]`, and that of the index of the first offset's;
#: the address of the results, and the distance between offsets.
add_embedded: Any = intrinsic(_add_embedded)
