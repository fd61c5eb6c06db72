"""Compiles every kernel, so that its machine code is kept."""

from __future__ import annotations

import time
from typing import Callable, Iterable, List, NamedTuple, Sequence, Tuple

from rasa_randconn.kernels.all_kernels import all_kernels
from rasa_randconn.kernels.kernel import Kernel

# Parts of the names of kernels that only a training needs.
_TRAINING_ONLY = ("adam.", "backward", "gradient", "forward_algorithm")

# The module whose kernels take longest to compile.
_LONGEST = "attention."

#: Wraps kernels for a progress bar.
Track = Callable[[Sequence[Kernel]], Iterable[Kernel]]


class WarmUp(NamedTuple):
    """What a warm-up did.

    Attributes:
        kernels: Number of kernels that are ready.
        compiled: How many of them had to be compiled; the others were loaded.
        seconds: How long it took.
    """

    kernels: int
    compiled: int
    seconds: float


def warm_up(track: Track = lambda kernels: kernels) -> WarmUp:
    """Compiles every kernel whose machine code is not kept yet.

    Args:
        track: Shows the progress.

    Raises:
        OSError: If machine code cannot be written.
    """
    start = time.perf_counter()
    kernels = in_order_of_need()
    for kernel in track(kernels):
        kernel.prepare(must_be_kept=True)
    return WarmUp(
        kernels=len(kernels),
        compiled=sum(kernel.was_compiled for kernel in kernels),
        seconds=time.perf_counter() - start,
    )


def in_order_of_need() -> List[Kernel]:
    """All kernels: those of answers before those of training, the longest first.

    A process that needs them at the same time compiles the others meanwhile.
    """

    def key(kernel: Kernel) -> Tuple[bool, bool]:
        is_for_training = any(part in kernel.name for part in _TRAINING_ONLY)
        return is_for_training, not kernel.name.startswith(_LONGEST)

    return sorted(all_kernels(), key=key)
