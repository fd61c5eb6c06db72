"""LLVM code for vectors of 32-bit floats, a type that Numba lacks."""

from __future__ import annotations

from typing import Any, List, Sequence

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from rasa_randconn.kernels.compilation import inlined, plain_or_inlined

#: Floats in a vector. LLVM splits it where registers are narrower.
LANES = 16

#: Bytes of a float, of an index, and of a short index.
BYTES = 4
INDEX_BYTES = 8
SHORT_INDEX_BYTES = 4

#: Bytes that processors load from memory at once.
CACHE_LINE = 64

_INTEGER = ir.IntType(64)
_INDEX = ir.IntType(32)
_BYTE = ir.IntType(8)
_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_INDICES = ir.VectorType(_INDEX, LANES)
_ZEROS = ir.Constant(_VECTOR, [0.0] * LANES)
# lets LLVM fuse a multiplication with the addition that follows
_FUSED = ("contract",)


def _address_of(typing_context: Any, array: Any) -> Any:
    """Typing and code generation of `address_of`."""
    if not isinstance(array, types.Array) or array.layout != "C":
        raise TypingError(f"Kernels take contiguous arrays, not {array}.")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(array)(context, builder, arguments[0]).data
        return builder.ptrtoint(data, _INTEGER)

    return types.int64(array), generate


#: The memory address of a contiguous array (to be called in compiled code).
address_of: Any = intrinsic(_address_of)


def _pointer_at(typing_context: Any, address: Any) -> Any:
    """Typing and code generation of `_pointer`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], _FLOAT.as_pointer())

    return types.CPointer(types.float32)(types.int64), generate


_pointer: Any = intrinsic(_pointer_at)


@inlined
def floats_at(address: int, size: int) -> np.ndarray:
    """A view of the 32-bit floats at an address (to be called in compiled code)."""
    return numba.carray(_pointer(address), (size,))


def _prefetch_line(typing_context: Any, address: Any) -> Any:
    """Typing and code generation of `_prefetch`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], _BYTE.as_pointer())
        types_ = [pointer.type, _INDEX, _INDEX, _INDEX]
        prefetch = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), types_),
            "llvm.prefetch.p0i8",
        )
        flags = [ir.Constant(_INDEX, flag) for flag in (1, 3, 1)]
        builder.call(prefetch, [pointer, *flags])
        return context.get_dummy_value()

    return types.none(types.int64), generate


_prefetch: Any = intrinsic(_prefetch_line)


@inlined
def prefetch(row: np.ndarray) -> None:
    """Starts to load an array into the cache (to be called in compiled code)."""
    for i in range(0, len(row), CACHE_LINE // BYTES):
        _prefetch(address_of(row) + BYTES * i)


@plain_or_inlined
def whole_vectors(count: int) -> int:
    """Rounds up to a multiple of `LANES`."""
    return (count + LANES - 1) // LANES * LANES


class VectorCode:
    """Emits LLVM instructions on vectors."""

    def __init__(self, builder: Any) -> None:
        """Emits instructions into a block.

        Args:
            builder: The LLVM builder of the block.
        """
        self.builder = builder

    def integer(self, value: int) -> Any:
        """A 64-bit constant."""
        return ir.Constant(_INTEGER, value)

    def address(self, base: Any, count: Any, item_bytes: int = BYTES) -> Any:
        """The address `count` items after a base address."""
        distance = self.builder.mul(count, self.integer(item_bytes))
        return self.builder.add(base, distance)

    def load_index(self, address: Any) -> Any:
        """Loads a 64-bit integer."""
        return self.builder.load(self._pointer(address, _INTEGER))

    def load_short_index(self, address: Any) -> Any:
        """Loads a 32-bit integer that is not negative, as a 64-bit integer."""
        index = self.builder.load(self._pointer(address, _INDEX))
        return self.builder.zext(index, _INTEGER)

    def load(self, address: Any) -> Any:
        """Loads a vector."""
        return self.builder.load(self._pointer(address, _VECTOR), align=BYTES)

    def store(self, vector: Any, address: Any) -> None:
        """Stores a vector."""
        self.builder.store(vector, self._pointer(address, _VECTOR), align=BYTES)

    def store_part(self, vector: Any, first: int, count: int, address: Any) -> None:
        """Stores some lanes of a vector."""
        part = self._lanes(vector, vector, range(first, first + count))
        pointer = self._pointer(address, ir.VectorType(_FLOAT, count))
        self.builder.store(part, pointer, align=BYTES)

    def add_part(self, part: Any, address: Any) -> None:
        """Adds a vector, of any number of lanes, to the floats at an address."""
        pointer = self._pointer(address, part.type)
        old = self.builder.load(pointer, align=BYTES)
        self.builder.store(self.builder.fadd(part, old), pointer, align=BYTES)

    def load_broadcast(self, address: Any) -> Any:
        """Loads one float into all lanes."""
        number = self.builder.load(self._pointer(address, _FLOAT))
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        first = self.builder.insert_element(undefined, number, ir.Constant(_INDEX, 0))
        lanes = ir.Constant(_INDICES, [0] * LANES)
        return self.builder.shuffle_vector(first, undefined, lanes)

    def horizontal_sums(self, vectors: Sequence[Any]) -> Any:
        """Sums up each vector; lane i of the result is the sum of vector i.

        Args:
            vectors: The vectors; their number is a power of two, at most `LANES`.

        Returns:
            A vector with as many lanes as there are vectors.
        """
        vectors = list(vectors)
        count, lanes = len(vectors), LANES
        while lanes > count:
            lanes //= 2
            halves = range(lanes), range(lanes, 2 * lanes)
            vectors = [self._sum_of_lanes(v, v, *halves) for v in vectors]
        while len(vectors) > 1:
            pairs = range(0, 2 * count, 2), range(1, 2 * count, 2)
            vectors = [
                self._sum_of_lanes(first, second, *pairs)
                for first, second in zip(vectors[::2], vectors[1::2])
            ]
        return vectors[0]

    def multiply_add(self, total: Any, x: Any, y: Any) -> Any:
        """Computes `total + x * y`."""
        product = self.builder.fmul(x, y, flags=_FUSED)
        return self.builder.fadd(total, product, flags=_FUSED)

    def zeros(self, count: int) -> List[Any]:
        """Vectors of zeros."""
        return [_ZEROS] * count

    def accumulate(self, count: Any, start: Sequence[Any], add: Any) -> List[Any]:
        """Emits a loop whose accumulators stay in registers.

        LLVM does not unroll it: it would load the factors of several iterations first,
        and spill accumulators to memory where these take nearly all registers.

        Args:
            count: Number of iterations.
            start: The accumulators before the first iteration.
            add: Emits the body: takes the iteration and the accumulators, returns the
                new accumulators.

        Returns:
            The accumulators after the last iteration.
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
        is_next = builder.icmp_signed("<", next_step, count)
        self._forbid_unrolling(builder.cbranch(is_next, body, after))

        builder.position_at_end(after)
        results = [builder.phi(_VECTOR) for _ in start]
        for result, old, new in zip(results, start, added):
            result.add_incoming(old, before)
            result.add_incoming(new, body)
        return results

    def _forbid_unrolling(self, branch: Any) -> None:
        """Marks the branch that closes a loop.

        Source: "llvm.loop" in the LLVM language reference; the first operand of the
        metadata must be the metadata itself.
        """
        module = self.builder.module
        option = ir.MetaDataString(module, "llvm.loop.unroll.disable")
        options = module.add_metadata([option])
        name = str(len(module.metadata))
        loop = ir.values.MDValue(module, [options], name=name)
        loop.operands = (loop, options)
        branch.set_metadata("llvm.loop", loop)

    def _sum_of_lanes(
        self, first: Any, second: Any, some: Sequence[int], others: Sequence[int]
    ) -> Any:
        """Adds some lanes of two vectors to others of them."""
        return self.builder.fadd(
            self._lanes(first, second, some), self._lanes(first, second, others)
        )

    def _lanes(self, first: Any, second: Any, lanes: Sequence[int]) -> Any:
        """The vector of some lanes of two vectors, which are numbered through."""
        numbers = ir.Constant(ir.VectorType(_INDEX, len(lanes)), list(lanes))
        return self.builder.shuffle_vector(first, second, numbers)

    def _pointer(self, address: Any, pointee: Any) -> Any:
        return self.builder.inttoptr(address, pointee.as_pointer())


def choose(builder: Any, value: Any, constants: Any, emit: Any) -> None:
    """Emits a loop for each constant, and the choice of one.

    Args:
        builder: The LLVM builder of the block.
        value: One of the constants, known at run time.
        constants: The constants to emit a loop for.
        emit: Emits the loop for a constant.
    """
    end = builder.append_basic_block("end")
    choice = builder.switch(value, end)
    for constant in constants:
        block = builder.append_basic_block(f"number_{constant}")
        choice.add_case(value.type(constant), block)
        builder.position_at_end(block)
        emit(constant)
        builder.branch(end)
    builder.position_at_end(end)
