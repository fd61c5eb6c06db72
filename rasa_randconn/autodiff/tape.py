"""Reverse mode: from a loss back to the gradients with respect to its inputs."""

from __future__ import annotations

from typing import Any, Callable, List, Optional

import numpy as np

_SEED_BOUND = 2**63


class Value:
    """An array, and the gradient of the loss with respect to it.

    Attributes:
        array: The array.
        gradient: Of the same shape; `None` until the backward pass has reached it.
    """

    __slots__ = ("_own_gradient", "array", "gradient")

    def __init__(self, array: np.ndarray) -> None:
        """Wraps an array."""
        self.array = array
        self.gradient: Optional[np.ndarray] = None
        # the gradient, if nobody else has this array
        self._own_gradient: Optional[np.ndarray] = None

    def add_gradient(self, gradient: np.ndarray) -> None:
        """Adds to the gradient. The caller must not change the array afterwards."""
        if self.gradient is None:
            self.gradient = gradient
        else:
            self.gradient = self.gradient + gradient

    def gradient_to_add_to(self) -> np.ndarray:
        """The gradient, zeros if there is none yet, in an array to add to in place."""
        if self.gradient is None:
            self._own_gradient = np.zeros_like(self.array)
        elif self.gradient is not self._own_gradient:
            self._own_gradient = self.gradient.copy()
        self.gradient = self._own_gradient
        return self.gradient


class Tape:
    """One pass through a network: its random numbers, and what its backward pass does.

    Each operation records a function that turns the gradient of its result into those
    of its inputs. A pass that is not for training records nothing, and drops and masks
    nothing.

    Attributes:
        is_training: Whether units are dropped and gradients computed.
    """

    def __init__(
        self,
        random: Optional[np.random.Generator] = None,
        is_training: bool = False,
        prepare_rows: Optional[Callable[[Any, np.ndarray], None]] = None,
    ) -> None:
        """Starts a pass.

        Args:
            random: Source of random numbers; predictions need none.
            is_training: Whether units are dropped and gradients computed.
            prepare_rows: Called with a kernel and those of its rows that are about to
                be read (see `Adam.prepare`).
        """
        self.is_training = is_training
        self._prepare_rows = prepare_rows
        self._random = random
        self._backward_calls: List[Callable[[], None]] = []

    @property
    def random(self) -> np.random.Generator:
        """Source of random numbers."""
        assert self._random is not None, "a pass with random numbers needs a generator"
        return self._random

    def new_seed(self) -> int:
        """A new seed, for the dropout of one operation."""
        return int(self.random.integers(_SEED_BOUND))

    def prepare_rows(self, kernel: Any, rows: np.ndarray) -> None:
        """Announces which rows of a kernel the pass is about to read."""
        if self._prepare_rows is not None:
            self._prepare_rows(kernel, rows)

    def record(self, result: Value, backward: Callable[[np.ndarray], None]) -> Value:
        """Records how an operation's gradients follow from that of its result.

        Args:
            result: What the operation computed.
            backward: Called with the gradient of the result, if it has one; adds
                gradients to the operation's inputs.

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
        """Computes all gradients, from the last operation to the first.

        The results at the end must have their gradients already.
        """
        while self._backward_calls:
            self._backward_calls.pop()()
