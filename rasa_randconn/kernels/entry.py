"""The entry of a kernel: a function of one address, where its arguments lie.

The arguments are 64-bit words one after the other: of an array its address and its
dimensions, of a number its bits. So every kernel can be called in the same way, and
calls can be kept in memory (see `Program`).
"""

from __future__ import annotations

from typing import Any, Iterator, List

from llvmlite import ir
from numba.core import types
from numba.np.arrayobj import make_array, populate_array

_WORD = ir.IntType(64)
_INDEX = ir.IntType(32)


def add_entry(name: str, context: Any, library: Any, function: Any) -> None:
    """Adds the entry of a compiled function to its library.

    Args:
        name: Name of the entry.
        context: Numba's target context.
        library: The library that holds the function, not finished yet.
        function: Numba's description of the function.
    """
    module = context.create_module("entry")
    callee = ir.Function(
        module,
        context.call_conv.get_function_type(function.restype, function.argtypes),
        function.llvm_func_name,
    )
    entry = ir.Function(module, ir.FunctionType(ir.VoidType(), [_WORD]), name)
    builder = ir.IRBuilder(entry.append_basic_block())
    words = _words(builder, entry.args[0])
    arguments = [
        _argument(context, builder, argument_type, words)
        for argument_type in function.argtypes
    ]
    context.call_conv.call_function(
        builder, callee, function.restype, function.argtypes, arguments
    )
    # a copy of the function in the entry would be compiled as well, and less well: the
    # dimensions of arrays could be negative for all that LLVM sees
    for instruction in builder.block.function.blocks[0].instructions:
        if isinstance(instruction, ir.CallInstr) and instruction.callee is callee:
            instruction.attributes.add("noinline")
    builder.ret_void()
    library.add_ir_module(module)


def _words(builder: Any, address: Any) -> Iterator[Any]:
    """Loads one word after the other."""
    pointer = builder.inttoptr(address, _WORD.as_pointer())
    position = 0
    while True:
        offset = ir.Constant(_INDEX, position)
        yield builder.load(builder.gep(pointer, [offset]))
        position += 1


def _argument(context: Any, builder: Any, kind: Any, words: Iterator[Any]) -> Any:
    if isinstance(kind, types.Array):
        return _array(context, builder, kind, words)
    word = next(words)
    bits = context.get_value_type(kind)
    if kind == types.float32:
        return builder.bitcast(builder.trunc(word, _INDEX), bits)
    if bits.width < _WORD.width:
        return builder.trunc(word, bits)
    return word


def _array(context: Any, builder: Any, kind: Any, words: Iterator[Any]) -> Any:
    """A view of a contiguous array; its memory belongs to whoever calls the entry."""
    item = context.get_data_type(kind.dtype)
    item_bytes = ir.Constant(_WORD, context.get_abi_sizeof(item))
    address = next(words)
    shape = [next(words) for _ in range(kind.ndim)]
    strides: List[Any] = []
    step = item_bytes
    for size in reversed(shape):
        strides.insert(0, step)
        step = builder.mul(step, size)
    array = make_array(kind)(context, builder)
    populate_array(
        array,
        data=builder.inttoptr(address, item.as_pointer()),
        shape=shape,
        strides=strides,
        itemsize=item_bytes,
        meminfo=None,
    )
    return array._getvalue()
