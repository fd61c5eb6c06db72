"""Memory for the activations and gradients of a pass, used again from step to step."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, Generic, Hashable, TypeVar

import numpy as np

from rasa_randconn.kernels.program import Program

#: Returns an array of a shape, with arbitrary content.
Allocate = Callable[..., np.ndarray]

ActivationsT = TypeVar("ActivationsT")

# 16 numbers are a line of the cache; an array that begins with one is read without
# crossing another.
_LINE = 16

# Passes of so many sizes are kept.
_MOST_SIZES = 128


class Workspace(Generic[ActivationsT]):
    """Memory from which arrays are cut one after the other.

    It is kept between steps: the operating system would zero fresh memory, page by
    page, in every one. Passes of different sizes use the same memory.

    Attributes:
        programs: Programs that work on this memory, by what they do. They are dropped
            with it.
    """

    def __init__(self) -> None:
        """Starts without memory."""
        self.programs: Dict[Hashable, Program] = {}
        self._memory = np.empty(0, np.float32)
        self._activations: Dict[Hashable, ActivationsT] = {}

    def activations(
        self, size: Hashable, create: Callable[[Allocate], ActivationsT]
    ) -> ActivationsT:
        """Arrays for a pass; the same ones as before for the same size.

        Args:
            size: What the shapes of all arrays depend on.
            create: Called with a function that allocates an array of a shape; called
                twice, first to find out how much memory is needed.
        """
        if size not in self._activations:
            counter = _Counter()
            create(counter)
            self._reserve(counter.size)
            self._activations[size] = create(_Cutter(self._memory))
        return self._activations[size]

    def _reserve(self, size: int) -> None:
        if self._memory.size < size or len(self._activations) >= _MOST_SIZES:
            self._activations.clear()
            self.programs.clear()
        if self._memory.size < size:
            self._memory = np.empty(0, np.float32)
            memory = np.empty(size + size // 4 + _LINE, np.float32)
            shift = -memory.ctypes.data // memory.itemsize % _LINE
            self._memory = memory[shift:]


class _Counter:
    """Counts the numbers of all arrays that are asked for.

    Attributes:
        size: How many there are.
    """

    def __init__(self) -> None:
        self.size = 0

    def __call__(self, *shape: int) -> Any:
        self.size += math.prod(shape)
        return None


class _Cutter:
    """Cuts arrays out of memory, one after the other."""

    def __init__(self, memory: np.ndarray) -> None:
        self._memory = memory
        self._used = 0

    def __call__(self, *shape: int) -> np.ndarray:
        start = self._used
        self._used += math.prod(shape)
        return self._memory[start : self._used].reshape(shape)
