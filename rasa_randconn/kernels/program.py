"""Programs: calls of kernels, recorded once and run many times by one call."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Dict, Hashable, Iterator, List, Mapping

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from rasa_randconn.kernels.array_types import Integers1
from rasa_randconn.kernels.compilation import compiled
from rasa_randconn.kernels.kernel import (
    WORD_BYTES,
    RecordedCall,
    address_of_numbers,
    recorder,
)
from rasa_randconn.kernels.vectors import address_of


def _call_entry(typing_context: Any, entry: Any, arguments: Any) -> Any:
    """Typing and code generation of `call_entry`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64)])
        function = builder.inttoptr(arguments[0], kind.as_pointer())
        builder.call(function, [arguments[1]])
        return context.get_dummy_value()

    return types.none(types.int64, types.int64), generate


#: Calls the entry of a kernel with the address of its arguments.
call_entry: Any = intrinsic(_call_entry)


@compiled
def run(entries: Integers1, offsets: Integers1, words: Integers1) -> None:
    """Calls kernels one after the other.

    Args:
        entries: Addresses of the kernels' entries `[calls]`.
        offsets: Where the arguments of each begin `[calls]`.
        words: The arguments of all calls.
    """
    first = address_of(words)
    for i in range(len(entries)):
        call_entry(entries[i], first + WORD_BYTES * offsets[i])


class Program:
    """Calls of kernels with their arguments, which one call from Python runs again.

    Arguments that differ from run to run are recognised by their identity when they
    are recorded. All others must keep their memory, which the program holds on to.
    """

    def __init__(
        self, calls: List[RecordedCall], variables: Mapping[Hashable, Any]
    ) -> None:
        """Takes recorded calls.

        Args:
            calls: The calls.
            variables: The arguments that differ from run to run, by name.
        """
        names = {id(value): name for name, value in variables.items()}
        # whose addresses are among the words
        self._constants = [
            argument
            for call in calls
            for argument in call.arguments
            if isinstance(argument, np.ndarray) and id(argument) not in names
        ]
        slots: Dict[Hashable, List[int]] = {name: [] for name in variables}
        blocks: List[np.ndarray] = []
        offsets: List[int] = []
        size = 0
        for kernel, arguments in calls:
            offsets.append(size)
            block = np.frombuffer(kernel.pack(arguments), np.int64)
            blocks.append(block)
            position = size
            for argument, words in zip(arguments, kernel.argument_sizes):
                name = names.get(id(argument))
                if name is not None:
                    slots[name].append(position)
                position += words
            size += len(block)
        self._words = np.concatenate(blocks)
        entries = np.array([kernel.address for kernel, _ in calls], np.int64)
        self._arguments = (entries, np.array(offsets, np.int64), self._words)
        self._packed = run.pack(self._arguments)
        run.prepare()
        self._positions = {
            name: np.array(positions, np.int64)
            for name, positions in slots.items()
            if positions
        }

    def run(self, variables: Mapping[Hashable, Any]) -> None:
        """Runs all calls.

        Args:
            variables: What differs from run to run, of the types it was recorded with.
        """
        words = self._words
        for name, positions in self._positions.items():
            value = variables[name]
            if isinstance(value, np.ndarray):
                words[positions] = address_of_numbers(value)
                for size in value.shape:
                    positions = positions + 1
                    words[positions] = size
            else:
                words[positions] = int(value)
        run.call(self._packed)


def run_or_record(
    programs: Dict[Hashable, Program],
    key: Hashable,
    variables: Mapping[Hashable, Any],
    function: Callable[[], None],
) -> None:
    """Runs a program; if there is none yet, records it.

    Args:
        programs: Programs by key. Output: the program is added.
        key: What the calls of kernels depend on, but for the variables.
        variables: The arguments that differ from run to run, by name.
        function: Makes the calls.
    """
    program = programs.get(key)
    if program is not None:
        program.run(variables)
    elif numba.config.BOUNDSCHECK:
        function()
    else:
        with _recorded() as calls:
            function()
        programs[key] = Program(calls, variables)


@contextmanager
def _recorded() -> Iterator[List[RecordedCall]]:
    """Records the calls of kernels by this thread, which are made as well."""
    calls: List[RecordedCall] = []
    recorder.calls = calls
    try:
        yield calls
    finally:
        recorder.calls = None
