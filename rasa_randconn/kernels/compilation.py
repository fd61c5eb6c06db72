"""How the kernels are compiled."""

from __future__ import annotations

import logging
from typing import Any, Callable, TypeVar

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])

# Sums may be reordered, so that they use all lanes of the processor; NaN and infinity
# keep their meaning. Divisions do not look for zeros, which would need one lane each.
_REORDERED = {"reassoc", "contract", "arcp", "nsz"}


def compiled(function: Function) -> Function:
    """Compiles a function of arrays and numbers when it is first called.

    The machine code is kept on disk for the next process: beside the package, else in
    the user's cache, or where the variable `NUMBA_CACHE_DIR` says. Where nothing can be
    written, every process compiles anew. While the code runs, other Python threads run.
    """
    return _compiled_or_loaded(function, is_inlined=False)


def inlined(function: Function) -> Function:
    """Compiles a function into every kernel that calls it.

    Were it a function of its own there, it would exist once for every kernel and once
    for itself, each optimised in its own way, and sums would be rounded in another way.
    Which of them runs depends on what a process has loaded before: one that has
    compiled kernels would train other weights than the next.
    """
    return _compiled_or_loaded(function, is_inlined=True)


def _compiled_or_loaded(function: Function, is_inlined: bool) -> Function:
    try:
        decorated: Function = _compile(is_inlined, cache=True)(function)
    except RuntimeError as error:
        logger.debug(f"'{function.__name__}' is compiled in every process: {error}")
        decorated = _compile(is_inlined, cache=False)(function)
    return decorated


def _compile(is_inlined: bool, cache: bool) -> Any:
    return numba.njit(
        nogil=True,
        cache=cache,
        fastmath=_REORDERED,
        error_model="numpy",
        forceinline=is_inlined,
    )


def _float_from_bits(typing_context: Any, bits: Any) -> Any:
    """How to compile `float_from_bits`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


#: The 32-bit float that has the bits of an integer (to be called in compiled code).
float_from_bits: Any = intrinsic(_float_from_bits)
