"""Running independent pieces of work on all cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from typing import Any, Callable, List, Sequence, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def in_parallel(
    function: Callable[[Piece], Result], pieces: Sequence[Piece]
) -> List[Result]:
    """Applies a function to every piece, in several threads.

    Compiled kernels let other threads run, so this uses all cores, or as many as
    `NUMBA_NUM_THREADS` allows. The calling thread works, too. Results do not depend on
    the number of cores.

    Args:
        function: What to do with a piece; must not share changing state.
        pieces: The pieces.

    Returns:
        The results, in the order of the pieces.
    """
    if len(pieces) == 1:
        return [function(pieces[0])]
    results: List[Any] = [None] * len(pieces)
    open_pieces = iter(range(len(pieces)))

    def work() -> None:
        for index in open_pieces:
            results[index] = function(pieces[index])

    helpers = [
        _executor(os.getpid()).submit(work)
        for _ in range(min(len(pieces), _cores()) - 1)
    ]
    try:
        work()
    finally:
        # what has not started is not waited for: it might wait for this very thread
        started = [helper for helper in helpers if not helper.cancel()]
        wait(started)
    for helper in started:
        helper.result()
    return results


@lru_cache(maxsize=1)
def _executor(process: int) -> ThreadPoolExecutor:
    """The helpers of a process (a forked one has none of its parent's threads)."""
    return ThreadPoolExecutor(max(_cores() - 1, 1), thread_name_prefix="kernels")


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        available = len(os.sched_getaffinity(0))
    else:
        available = os.cpu_count() or 1
    limit = os.environ.get("NUMBA_NUM_THREADS")
    return min(available, int(limit)) if limit else available
