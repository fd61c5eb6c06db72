"""Random numbers of our own for code that draws from NumPy's global ones."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Iterator

import numpy as np

_lock = threading.Lock()


@contextmanager
def global_random_numbers(random: np.random.RandomState) -> Iterator[None]:
    """Puts random numbers in the place of NumPy's global ones.

    Whoever draws from the global ones in between, before or after finds them as if
    nothing had happened, and has no influence on ours.

    Args:
        random: Where they come from; it goes on where the block ends.

    Yields:
        Nothing.
    """
    with _lock:
        outside = np.random.get_state()
        np.random.set_state(random.get_state())
        try:
            yield
        finally:
            random.set_state(np.random.get_state())
            np.random.set_state(outside)
