"""Weighted sums of rows, held in registers while the loop goes over the rows."""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.extending import intrinsic

from rasa_randconn.kernels.array_types import Floats1, Floats2, ShortIntegers1
from rasa_randconn.kernels.compilation import inlined
from rasa_randconn.kernels.vectors import (
    BYTES,
    LANES,
    VectorCode,
    address_of,
    specialize,
)

# Numbers of vectors that the loop is compiled for, largest first.
_VECTORS = (4, 2, 1)

#: Units whose sums fit into the registers.
UNITS_IN_REGISTERS = _VECTORS[0] * LANES


@inlined
def add_weighted_rows(
    indices: ShortIntegers1,
    weights: Floats1,
    first: int,
    last: int,
    rows: Floats2,
    first_unit: int,
    total: Floats1,
) -> None:
    """Adds a weighted sum of rows, of some units (to be called in compiled code).

    Args:
        indices: Indices of rows.
        weights: Weights of the rows at the indices.
        first: Position of the first index and weight of the sum.
        last: The position after the last.
        rows: `[rows, units]`.
        first_unit: The first of the units to sum up.
        total: Output: the sum is added to it `[units to sum up]`.
    """
    units = len(total)
    unit = 0
    while unit < units:
        vectors = _vectors_of(units - unit)
        _add_weighted_vectors(
            vectors,
            units - unit,
            address_of(weights) + BYTES * first,
            address_of(indices) + BYTES * first,
            last - first,
            address_of(rows) + BYTES * (first_unit + unit),
            rows.shape[1],
            address_of(total) + BYTES * unit,
        )
        unit += vectors * LANES


@inlined
def _vectors_of(units: int) -> int:
    for vectors in _VECTORS:
        if units >= vectors * LANES:
            return vectors
    return 1


def _add_weighted_vectors_code(
    typing_context: Any,
    vectors: Any,
    units: Any,
    weights: Any,
    indices: Any,
    count: Any,
    rows: Any,
    length: Any,
    total: Any,
) -> Any:
    """Typing and code generation of `_add_weighted_vectors`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vectors, units, weights, indices, count, rows, length, total = arguments
        full = VectorCode(builder)

        def emit(constant: int, is_masked: bool) -> None:
            code = full.within(full.integer(0), units) if is_masked else full
            offsets = [code.integer(i * LANES) for i in range(constant)]

            def add(step: Any, totals: Any) -> Any:
                index = code.load_short_index(code.address(indices, step))
                row = code.address(rows, builder.mul(index, length))
                weight = code.load_broadcast(code.address(weights, step))
                return [
                    code.multiply_add(
                        sum_, weight, code.load(code.address(row, offset))
                    )
                    for sum_, offset in zip(totals, offsets)
                ]

            places = [code.address(total, offset) for offset in offsets]
            sums = code.accumulate(count, [code.load(p) for p in places], add)
            for place, vector in zip(places, sums):
                code.store(vector, place)

        is_whole = builder.icmp_signed(">=", units, full.integer(LANES))
        specialize(builder, vectors, _VECTORS, is_whole, emit)
        return context.get_dummy_value()

    return types.none(*[types.int64] * 8), generate


# Adds weighted sums to some vectors of units. Arguments: the number of vectors, one of
# `_VECTORS`, and of the units that remain; the addresses of the first weight and index,
# and their number; the address of the first row, and the distance between rows; the
# address of the sums.
_add_weighted_vectors: Any = intrinsic(_add_weighted_vectors_code)
