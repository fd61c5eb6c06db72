"""LLVM code for vectors of 32-bit floats, which Numba has no type for."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from rasa_randconn.kernels.compilation import inlined

#: Numbers in a vector; where no register is so wide, LLVM takes several.
LANES = 16

#: Bytes of a number, and of an index.
BYTES = 4
INDEX_BYTES = 8

_INTEGER = ir.IntType(64)
_INDEX = ir.IntType(32)
_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_INTEGERS = ir.VectorType(_INTEGER, LANES)
_INDICES = ir.VectorType(_INDEX, LANES)
_ZEROS = ir.Constant(_VECTOR, [0.0] * LANES)
_ALIGNMENT = ir.Constant(_INDEX, BYTES)
# a product and the sum that it goes into may be rounded once
_FUSED = ("contract",)


def _address_of(typing_context: Any, array: Any) -> Any:
    """How to compile `address_of`."""
    if not isinstance(array, types.Array) or array.layout != "C":
        raise TypingError(f"Kernels take contiguous arrays, not {array}.")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(array)(context, builder, arguments[0]).data
        return builder.ptrtoint(data, _INTEGER)

    return types.int64(array), generate


#: Where a contiguous array lies in memory (to be called in compiled code).
address_of: Any = intrinsic(_address_of)


def _pointer_at(typing_context: Any, address: Any) -> Any:
    """How to compile `_pointer`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], _FLOAT.as_pointer())

    return types.CPointer(types.float32)(types.int64), generate


_pointer: Any = intrinsic(_pointer_at)


@inlined
def floats_at(address: int, size: int) -> np.ndarray:
    """The 32-bit floats that lie at an address (to be called in compiled code)."""
    return numba.carray(_pointer(address), (size,))


@inlined
def whole_vectors(count: int) -> int:
    """The number rounded up to a multiple of `LANES`."""
    return (count + LANES - 1) // LANES * LANES


class VectorCode:
    """Writes code on vectors, of which only the first lanes may count."""

    def __init__(self, builder: Any, mask: Optional[Any] = None) -> None:
        """Starts writing.

        Args:
            builder: Where the code goes.
            mask: The lanes that count; all if `None`. The others are read as zero and
                never written.
        """
        self.builder = builder
        self._mask = mask

    def within(self, first: Any, count: Any) -> VectorCode:
        """The same for vectors of which only a part lies within an array.

        Args:
            first: Where the first lane lies.
            count: Length of the array.
        """
        builder = self.builder
        lanes = ir.Constant(_INTEGERS, list(range(LANES)))
        places = builder.add(self._everywhere(first, _INTEGERS), lanes)
        # as numbers without sign, negative ones are beyond the end
        limits = self._everywhere(count, _INTEGERS)
        return VectorCode(builder, builder.icmp_unsigned("<", places, limits))

    def integer(self, value: int) -> Any:
        """A 64-bit constant."""
        return ir.Constant(_INTEGER, value)

    def place(self, address: Any, count: Any, bytes_each: int = BYTES) -> Any:
        """The address so many numbers further on."""
        distance = self.builder.mul(count, self.integer(bytes_each))
        return self.builder.add(address, distance)

    def index(self, address: Any) -> Any:
        """Reads a 64-bit integer."""
        return self.builder.load(self._pointer(address, _INTEGER))

    def load(self, address: Any) -> Any:
        """Reads a vector."""
        pointer = self._pointer(address, _VECTOR)
        if self._mask is None:
            return self.builder.load(pointer, align=BYTES)
        arguments = [pointer, _ALIGNMENT, self._mask, _ZEROS]
        return self._call("llvm.masked.load.v16f32.p0v16f32", _VECTOR, arguments)

    def store(self, vector: Any, address: Any) -> None:
        """Writes a vector."""
        pointer = self._pointer(address, _VECTOR)
        if self._mask is None:
            self.builder.store(vector, pointer, align=BYTES)
            return
        arguments = [vector, pointer, _ALIGNMENT, self._mask]
        self._call("llvm.masked.store.v16f32.p0v16f32", ir.VoidType(), arguments)

    def store_part(self, vector: Any, first: int, count: int, address: Any) -> None:
        """Writes some lanes of a vector, whatever the mask says."""
        lanes = ir.Constant(
            ir.VectorType(_INDEX, count), list(range(first, first + count))
        )
        part = self.builder.shuffle_vector(vector, vector, lanes)
        pointer = self._pointer(address, ir.VectorType(_FLOAT, count))
        self.builder.store(part, pointer, align=BYTES)

    def load_everywhere(self, address: Any) -> Any:
        """Reads one number into all lanes."""
        number = self.builder.load(self._pointer(address, _FLOAT))
        return self._everywhere(number, _VECTOR)

    def sums_of_lanes(self, vectors: Sequence[Any]) -> Any:
        """A vector of the sums of the lanes of as many vectors as it has lanes."""
        vectors = list(vectors)
        even = ir.Constant(_INDICES, list(range(0, 2 * LANES, 2)))
        odd = ir.Constant(_INDICES, list(range(1, 2 * LANES, 2)))
        while len(vectors) > 1:
            vectors = [
                self.builder.fadd(
                    self.builder.shuffle_vector(one, other, even),
                    self.builder.shuffle_vector(one, other, odd),
                )
                for one, other in zip(vectors[::2], vectors[1::2])
            ]
        return vectors[0]

    def add_product(self, total: Any, one: Any, other: Any) -> Any:
        """Adds a product of vectors to a third."""
        product = self.builder.fmul(one, other, flags=_FUSED)
        return self.builder.fadd(total, product, flags=_FUSED)

    def zeros(self, number: int) -> List[Any]:
        """So many vectors of zeros."""
        return [_ZEROS] * number

    def sums(self, count: Any, start: Sequence[Any], add: Any) -> List[Any]:
        """Writes a loop that adds to vectors, all of which stay in registers.

        Args:
            count: Number of rounds.
            start: What the vectors are before the first.
            add: Writes one round: takes its number and the vectors, returns the new.
        """
        builder = self.builder
        before = builder.block
        body = builder.append_basic_block("round")
        after = builder.append_basic_block("after")
        zero = self.integer(0)
        builder.cbranch(builder.icmp_signed("<", zero, count), body, after)

        builder.position_at_end(body)
        step = builder.phi(_INTEGER)
        totals = [builder.phi(_VECTOR) for _ in start]
        added = add(step, totals)
        next_step = builder.add(step, self.integer(1))
        step.add_incoming(zero, before)
        step.add_incoming(next_step, body)
        for total, old, new in zip(totals, start, added):
            total.add_incoming(old, before)
            total.add_incoming(new, body)
        builder.cbranch(builder.icmp_signed("<", next_step, count), body, after)

        builder.position_at_end(after)
        results = [builder.phi(_VECTOR) for _ in start]
        for result, old, new in zip(results, start, added):
            result.add_incoming(old, before)
            result.add_incoming(new, body)
        return results

    def _everywhere(self, scalar: Any, vector_type: Any) -> Any:
        nothing = ir.Constant(vector_type, ir.Undefined)
        first = self.builder.insert_element(nothing, scalar, ir.Constant(_INDEX, 0))
        lanes = ir.Constant(_INDICES, [0] * LANES)
        return self.builder.shuffle_vector(first, nothing, lanes)

    def _pointer(self, address: Any, pointee: Any) -> Any:
        return self.builder.inttoptr(address, pointee.as_pointer())

    def _call(self, name: str, result: Any, arguments: Sequence[Any]) -> Any:
        function_type = ir.FunctionType(result, [a.type for a in arguments])
        function = cgutils.get_or_insert_function(
            self.builder.module, function_type, name
        )
        return self.builder.call(function, arguments)


def write_choice(
    builder: Any, number: Any, numbers: Any, is_whole: Any, write: Any
) -> None:
    """Writes a loop for each of some numbers, with and without masks.

    Args:
        builder: Where the code goes.
        number: Which of the numbers it is when the code runs.
        numbers: The numbers.
        is_whole: Whether no masks are needed when the code runs.
        write: Writes the loop for a number, with masks or not.
    """
    with builder.if_else(is_whole) as (whole, part):
        for branch, is_masked in ((whole, False), (part, True)):
            with branch:
                end = builder.append_basic_block("end")
                choice = builder.switch(number, end)
                for constant in numbers:
                    block = builder.append_basic_block(f"number_{constant}")
                    choice.add_case(number.type(constant), block)
                    builder.position_at_end(block)
                    write(constant, is_masked)
                    builder.branch(end)
                builder.position_at_end(end)
