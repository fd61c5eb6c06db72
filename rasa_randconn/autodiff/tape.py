"""The way back from a loss to the gradients of what it was computed from."""

from __future__ import annotations

from typing import Any, Callable, List, Optional

import numpy as np

_LARGEST_SEED = 2**63


class Value:
    """An array that a loss depends on, and the gradient of the loss by it.

    Attributes:
        array: The array.
        gradient: Of the same shape; `None` while nothing has reached it.
    """

    __slots__ = ("array", "gradient")

    def __init__(self, array: np.ndarray) -> None:
        """Wraps an array."""
        self.array = array
        self.gradient: Optional[np.ndarray] = None

    def add_gradient(self, gradient: np.ndarray) -> None:
        """Adds to the gradient; the array given may be kept."""
        if self.gradient is None:
            self.gradient = gradient
        else:
            self.gradient = self.gradient + gradient


class Tape:
    """One pass through a network: its random numbers, and its way back.

    Operations record how gradients get from their results to their inputs. Nothing is
    recorded, and nothing dropped or masked, if the pass is not for training.

    Attributes:
        is_training: Whether units are dropped and gradients wanted.
        random: Where random numbers come from.
    """

    def __init__(
        self,
        random: Optional[np.random.Generator] = None,
        is_training: bool = False,
        prepare_rows: Optional[Callable[[Any, np.ndarray], None]] = None,
    ) -> None:
        """Starts a pass.

        Args:
            random: Where random numbers come from; predictions need none.
            is_training: Whether units are dropped and gradients wanted.
            prepare_rows: Is called with a kernel and the rows of it that are about to
                be read (see `Adam.prepare`).
        """
        self.is_training = is_training
        self._prepare_rows = prepare_rows
        self._random = random
        self._backward_calls: List[Callable[[], None]] = []

    @property
    def random(self) -> np.random.Generator:
        """Where random numbers come from."""
        assert self._random is not None, "a pass that draws numbers needs a generator"
        return self._random

    def seed(self) -> int:
        """A new seed for dropout."""
        return int(self.random.integers(_LARGEST_SEED))

    def prepare_rows(self, kernel: Any, rows: np.ndarray) -> None:
        """Says which rows of a kernel the pass is about to read."""
        if self._prepare_rows is not None:
            self._prepare_rows(kernel, rows)

    def record(self, result: Value, backward: Callable[[np.ndarray], None]) -> Value:
        """Remembers how to get from the gradient of a result to those of its inputs.

        Args:
            result: What an operation computed.
            backward: Is called with the gradient of the result, if there is any.

        Returns:
            The result.
        """

        def call_backward() -> None:
            if result.gradient is not None:
                backward(result.gradient)

        if self.is_training:
            self._backward_calls.append(call_backward)
        return result

    def backward(self) -> None:
        """Goes back through all operations, the last one first.

        Gradients of the last results must have been added before.
        """
        while self._backward_calls:
            self._backward_calls.pop()()
