"""Memory for the activations and gradients of a pass, used again from step to step."""

from __future__ import annotations

import math
from typing import Any, Callable, Generic, Hashable, Optional, Tuple, TypeVar

import numpy as np

#: Returns an array of a shape, with arbitrary content.
Allocate = Callable[..., np.ndarray]

ActivationsT = TypeVar("ActivationsT")

# 16 numbers are a line of the cache; an array that begins with one is read without
# crossing another.
_LINE = 16


class Workspace(Generic[ActivationsT]):
    """Memory from which arrays are cut one after the other.

    It is kept between steps: the operating system would zero fresh memory, page by
    page, in every one.
    """

    def __init__(self) -> None:
        """Starts without memory."""
        self._memory = np.empty(0, np.float32)
        self._used = 0
        self._activations: Optional[Tuple[Hashable, ActivationsT]] = None

    def activations(
        self, size: Hashable, create: Callable[[Allocate], ActivationsT]
    ) -> ActivationsT:
        """Arrays for a pass; the same ones as before if the size has not changed.

        Args:
            size: What the shapes of all arrays depend on.
            create: Called with a function that allocates an array of a shape; called
                twice, first to find out how much memory is needed.
        """
        if self._activations is None or self._activations[0] != size:
            self._activations = None
            counter = _Counter()
            create(counter)
            self._reserve(counter.size)
            self._activations = size, create(self._allocate)
        return self._activations[1]

    def _reserve(self, size: int) -> None:
        if self._memory.size < size:
            memory = np.empty(size + size // 4 + _LINE, np.float32)
            shift = -memory.ctypes.data // memory.itemsize % _LINE
            self._memory = memory[shift:]
        self._used = 0

    def _allocate(self, *shape: int) -> np.ndarray:
        start = self._used
        self._used += math.prod(shape)
        return self._memory[start : self._used].reshape(shape)


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
