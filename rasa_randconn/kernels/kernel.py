"""A kernel: a compiled function of arrays and numbers."""

from __future__ import annotations

import ctypes
import functools
import struct
import threading
from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Tuple

import numba
import numpy as np
from numba.core import types
from typing_extensions import get_args, get_type_hints

from rasa_randconn.kernels.array_types import ArrayType
from rasa_randconn.kernels.machine_code import MachineCode, code_of, is_kept

#: Bytes of a word of arguments.
WORD_BYTES = 8

# In NumPy's C structure, the address of the numbers follows the object's head. Its
# attributes `ctypes` and `__array_interface__` take several times as long.
_ADDRESS_OFFSET = object.__basicsize__

_call = ctypes.CFUNCTYPE(None, ctypes.c_char_p)


class _Scalar(NamedTuple):
    """How a number is passed: its Numba type, and its format in a block of words."""

    numba_type: Any
    word_format: str


_SCALARS: Mapping[Any, _Scalar] = {
    int: _Scalar(types.int64, "q"),
    bool: _Scalar(types.boolean, "q"),
    np.uint32: _Scalar(types.uint32, "I4x"),
    np.float32: _Scalar(types.float32, "f4x"),
}


class RecordedCall(NamedTuple):
    """One call of a kernel.

    Attributes:
        kernel: The kernel.
        arguments: Its arguments.
    """

    kernel: Kernel
    arguments: Tuple[Any, ...]


class Recorder(threading.local):
    """Where the calls of this thread are recorded, if they are.

    Attributes:
        calls: Output: the calls; `None` if none shall be recorded.
    """

    calls: Optional[List[RecordedCall]] = None


#: The recorder of each thread.
recorder = Recorder()


class Kernel:
    """A function of arrays and numbers, compiled at its first call.

    The type hints of its arguments say what it is compiled for. The code runs without
    Python's global lock.
    """

    def __init__(
        self, function: Callable[..., None], options: Mapping[str, Any]
    ) -> None:
        """Takes the function.

        Args:
            function: Returns nothing; its results are arrays among its arguments.
            options: Numba's options.

        Raises:
            TypeError: If its type hints do not say the types of its arguments.
        """
        functools.update_wrapper(self, function)
        self.function = function
        self.name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        self._options = dict(options)
        hints = get_type_hints(function, include_extras=True)
        hints.pop("return", None)
        self._arguments = [_hint(hint) for hint in hints.values()]
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        if list(hints) != list(names) or not all(map(_is_known, self._arguments)):
            raise TypeError(f"'{self.name}' must say the types of its arguments.")
        self._format = struct.Struct(
            "=" + "".join(_word_format(hint) for hint in self._arguments)
        )
        self._code: Optional[MachineCode] = None
        self._entry: Any = None
        self._lock = threading.Lock()

    def __call__(self, *arguments: Any) -> None:
        """Calls the kernel.

        Raises:
            TypeError: If an array has another type or rank, or is not contiguous.
        """
        calls = recorder.calls
        if calls is not None:
            calls.append(RecordedCall(self, arguments))
        words = self.pack(arguments)
        if numba.config.BOUNDSCHECK:
            self._checked(*arguments)
        else:
            self.call(words)

    def call(self, words: bytes) -> None:
        """Calls the kernel with packed arguments."""
        if self._entry is None:
            self.prepare()
        self._entry(words)

    def pack(self, arguments: Tuple[Any, ...]) -> bytes:
        """The arguments as words (see `entry`); they must outlive the call.

        Raises:
            TypeError: If an array has another type or rank, or is not contiguous.
        """
        words: List[Any] = []
        for hint, argument in zip(self._arguments, arguments):
            if not isinstance(hint, ArrayType):
                words.append(argument)
                continue
            dtype, rank = hint
            if argument.dtype != dtype or argument.ndim != rank:
                raise TypeError(
                    f"'{self.name}' takes arrays of {dtype} with {rank} dimensions, "
                    f"not of {argument.dtype} with {argument.ndim}."
                )
            if not argument.flags.c_contiguous:
                raise TypeError(f"'{self.name}' takes contiguous arrays only.")
            words.append(address_of_numbers(argument))
            words.extend(argument.shape)
        return self._format.pack(*words)

    @property
    def argument_sizes(self) -> List[int]:
        """Number of words of every argument."""
        return [
            1 + hint.rank if isinstance(hint, ArrayType) else 1
            for hint in self._arguments
        ]

    @property
    def is_kept(self) -> bool:
        """Whether a file has its machine code."""
        return is_kept(self.name)

    @property
    def address(self) -> int:
        """Where the entry of its machine code is."""
        self.prepare()
        assert self._code is not None
        return self._code.address

    @property
    def was_compiled(self) -> bool:
        """Whether this process compiled it."""
        return self._code is not None and self._code.was_compiled

    @property
    def is_ready(self) -> bool:
        """Whether its machine code is in memory."""
        return self._code is not None

    def prepare(self, must_be_kept: bool = False) -> None:
        """Loads its machine code, or compiles it.

        Args:
            must_be_kept: Whether to fail if it cannot be written to a file.

        Raises:
            OSError: If machine code that must be kept cannot be written.
        """
        with self._lock:
            if self._code is None:
                argument_types = tuple(map(_numba_type, self._arguments))
                self._code = code_of(
                    self.name,
                    self.function,
                    argument_types,
                    self._options,
                    must_be_kept,
                )
                self._entry = _call(self._code.address)

    @functools.cached_property
    def _checked(self) -> Any:
        """The function as Numba compiles it, which checks every index."""
        return numba.njit(nogil=True, **self._options)(self.function)


def address_of_numbers(array: np.ndarray) -> int:
    """Where the numbers of an array are in memory."""
    return ctypes.c_int64.from_address(id(array) + _ADDRESS_OFFSET).value


def _hint(hint: Any) -> Any:
    """The array type of an annotation, or the type of a number."""
    extras = [extra for extra in get_args(hint) if isinstance(extra, ArrayType)]
    return extras[0] if extras else hint


def _is_known(hint: Any) -> bool:
    return isinstance(hint, ArrayType) or hint in _SCALARS


def _numba_type(hint: Any) -> Any:
    if isinstance(hint, ArrayType):
        return types.Array(numba.from_dtype(hint.dtype), hint.rank, "C")
    return _SCALARS[hint].numba_type


def _word_format(hint: Any) -> str:
    if isinstance(hint, ArrayType):
        return "q" * (1 + hint.rank)
    return _SCALARS[hint].word_format
