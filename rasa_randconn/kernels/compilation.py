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
    try:
        decorated: Function = _compile(cache=True)(function)
    except RuntimeError as error:
        logger.debug(f"'{function.__name__}' is compiled in every process: {error}")
        decorated = _compile(cache=False)(function)
    return decorated


def _compile(cache: bool) -> Any:
    return numba.njit(nogil=True, cache=cache, fastmath=_REORDERED, error_model="numpy")


def _float_from_bits(typing_context: Any, bits: Any) -> Any:
    """How to compile `float_from_bits`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


#: The 32-bit float that has the bits of an integer (to be called in compiled code).
float_from_bits: Any = intrinsic(_float_from_bits)
