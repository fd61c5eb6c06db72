"""The inner loops of products with sparse matrices, on whole vectors of tokens.

A sparse matrix names the rows that it combines by 32-bit indices. The intrinsics are
called in compiled code; they take addresses, and distances as numbers of floats.
"""

from __future__ import annotations

from typing import Any, List

from numba.core import types
from numba.extending import intrinsic

from rasa_randconn.kernels.compilation import inlined
from rasa_randconn.kernels.vectors import (
    LANES,
    SHORT_INDEX_BYTES,
    VectorCode,
    choose,
)

#: Numbers of vectors of tokens, and of rows, that loops are made for, largest first.
#: A processor adds to the largest number of sums without waiting for the one before.
TILES = (4, 2, 1)


@inlined
def tile_size(remaining: int) -> int:
    """Number of vectors, or of rows, of the next tile, given how many remain."""
    for size in TILES:
        if remaining >= size:
            return size
    return 0


def _short_index(code: VectorCode, indices: Any, position: Any) -> Any:
    """The index at a position."""
    return code.load_short_index(code.address(indices, position, SHORT_INDEX_BYTES))


def _vectors(code: VectorCode, row: Any, count: int) -> List[Any]:
    """The addresses of the first vectors of a row."""
    return [code.address(row, code.integer(LANES * i)) for i in range(count)]


def _sum_of_weighted_rows(has_positions: bool) -> Any:
    """Makes the loop that sums up weighted rows.

    Arguments of the loop:

    - the number of vectors in a row, one of `TILES`;
    - the address of the indices of the rows, and their number;
    - the address of the weights, and of their positions, if they have any;
    - the address of row 0, which the others follow;
    - the address of what the sum starts from, and of the result.

    Args:
        has_positions: Whether the weights lie at positions, instead of one after the
            other.
    """

    def typed(
        typing_context: Any,
        vectors: Any,
        indices: Any,
        count: Any,
        weights: Any,
        positions: Any,
        rows: Any,
        start: Any,
        result: Any,
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vectors, indices, count, weights, positions = arguments[:5]
            rows, start, result = arguments[5:]
            code = VectorCode(builder)

            def emit(constant: int) -> None:
                def add(step: Any, totals: Any) -> Any:
                    index = _short_index(code, indices, step)
                    length = code.integer(LANES * constant)
                    row = code.address(rows, builder.mul(index, length))
                    if has_positions:
                        step = _short_index(code, positions, step)
                    weight = code.load_broadcast(code.address(weights, step))
                    return [
                        code.multiply_add(total, code.load(address), weight)
                        for total, address in zip(totals, _vectors(code, row, constant))
                    ]

                starts = map(code.load, _vectors(code, start, constant))
                totals = code.accumulate(count, list(starts), add)
                for total, address in zip(totals, _vectors(code, result, constant)):
                    code.store(total, address)

            choose(builder, vectors, TILES, emit)
            return context.get_dummy_value()

        return types.none(*[types.int64] * 8), generate

    return intrinsic(typed)


#: Sums up rows with weights that lie one after the other.
sum_of_weighted_rows: Any = _sum_of_weighted_rows(has_positions=False)

#: Sums up rows with weights that lie at positions.
sum_of_rows_weighted_at: Any = _sum_of_weighted_rows(has_positions=True)


def _add_products_of_rows(
    typing_context: Any,
    count: Any,
    vectors: Any,
    row: Any,
    indices: Any,
    others: Any,
    distance: Any,
    results: Any,
) -> Any:
    """Typing and code generation of `add_products_of_rows`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count, vectors, row, indices, others, distance, results = arguments
        code = VectorCode(builder)

        def emit(constant: int) -> None:
            addresses = [
                code.address(
                    others,
                    builder.mul(_short_index(code, indices, code.integer(i)), distance),
                )
                for i in range(constant)
            ]

            def add(step: Any, totals: Any) -> Any:
                first = builder.mul(step, code.integer(LANES))
                values = code.load(code.address(row, first))
                return [
                    code.multiply_add(
                        total, values, code.load(code.address(address, first))
                    )
                    for total, address in zip(totals, addresses)
                ]

            totals = code.accumulate(vectors, code.zeros(constant), add)
            code.add_part(code.horizontal_sums(totals), results)

        choose(builder, count, TILES, emit)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 7), generate


#: Multiplies a row with some others, sums up over tokens, and adds the sums to results
#: that lie one after the other. Arguments: the number of other rows, one of `TILES`;
#: the number of vectors in a row; the address of the row; the address of the indices of
#: the others; the address of row 0 of these, and the distance from row to row; the
#: address of the results.
add_products_of_rows: Any = intrinsic(_add_products_of_rows)


def _copy_rows(
    typing_context: Any,
    vectors: Any,
    rows: Any,
    distance: Any,
    count: Any,
    copies: Any,
    copy_distance: Any,
) -> Any:
    """Typing and code generation of `copy_rows`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vectors, rows, distance, count, copies, copy_distance = arguments
        code = VectorCode(builder)

        def emit(constant: int) -> None:
            def copy(step: Any, totals: Any) -> Any:
                row = code.address(rows, builder.mul(step, distance))
                target = code.address(copies, builder.mul(step, copy_distance))
                pairs = zip(
                    _vectors(code, row, constant), _vectors(code, target, constant)
                )
                for address, copy_address in pairs:
                    code.store(code.load(address), copy_address)
                return totals

            code.accumulate(count, [], copy)

        choose(builder, vectors, TILES, emit)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 6), generate


#: Copies the first vectors of rows. Arguments: the number of vectors, one of `TILES`;
#: the address of the first row, the distance from row to row, and the number of rows;
#: the address of the first copy, and the distance from copy to copy.
copy_rows: Any = intrinsic(_copy_rows)
