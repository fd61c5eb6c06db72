"""How the kernels are compiled."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, register_jitable

from rasa_randconn.kernels.kernel import Kernel

if numba.config.DISABLE_JIT:
    raise ImportError("rasa_randconn needs compiled kernels: unset NUMBA_DISABLE_JIT.")

Function = TypeVar("Function", bound=Callable[..., Any])

# LLVM may reorder sums, which it needs to vectorise them. NaN and infinity keep their
# meaning.
_REORDERED = {"reassoc", "contract", "arcp", "nsz"}


def compiled(function: Callable[..., None]) -> Kernel:
    """Makes a kernel of a function of arrays and numbers.

    It is compiled for the types that its type hints say, at its first call. The machine
    code is kept for the next process (see `machine_code`).

    Raises:
        TypeError: If the type hints do not say the types of its arguments.
    """
    return Kernel(function, _OPTIONS)


def shared(function: Function) -> Function:
    """Compiles a function once for all its calls within a kernel.

    For long functions: the time to compile a kernel grows with each inlined copy.
    """
    decorated: Function = numba.njit(nogil=True, **_OPTIONS)(function)
    return decorated


def inlined(function: Function) -> Function:
    """Compiles a function that is always inlined into the kernels that call it.

    Otherwise Numba would keep one copy of the function for each kernel and one of its
    own, each optimised and rounding in its own way. Which copy runs would depend on
    whether a process has compiled or loaded its kernels, and so would trained weights.
    """
    decorated: Function = numba.njit(nogil=True, forceinline=True, **_OPTIONS)(function)
    return decorated


def plain_or_inlined(function: Function) -> Function:
    """Inlines a function into kernels that call it; Python calls it as it is.

    Other parts of kernels would be compiled, in every process, if Python called them.
    """
    decorated: Function = register_jitable(forceinline=True)(function)
    return decorated


_OPTIONS = {
    "fastmath": _REORDERED,
    "error_model": "numpy",  # checks for zero divisors would prevent vectors
}


def _float_from_bits(typing_context: Any, bits: Any) -> Any:
    """Typing and code generation of `float_from_bits`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


#: The 32-bit float that has the bits of an integer (to be called in compiled code).
float_from_bits: Any = intrinsic(_float_from_bits)
