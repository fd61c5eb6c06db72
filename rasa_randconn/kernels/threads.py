"""Running independent pieces of work on all cores."""

from __future__ import annotations

import os
from functools import lru_cache
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, Callable, List, Optional, Sequence, TypeVar

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

    shares = [_Share(work) for _ in range(min(len(pieces), _cores()) - 1)]
    for share in shares:
        _open_shares(os.getpid()).put(share)
    try:
        work()
    finally:
        # what has not started is not waited for: it might wait for this very thread
        started = [share for share in shares if not share.cancel()]
        for share in started:
            share.wait()
    for share in started:
        if share.error is not None:
            raise share.error
    return results


class _Share:
    """A helper's share of the work, which its owner takes back if none comes.

    Futures do the same, but hand over so slowly that a thread gains little from a
    helper for work of a millisecond.

    Attributes:
        error: What the work raised.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self.error: Optional[BaseException] = None
        self._work = work
        self._is_taken = Lock()
        self._is_running = Lock()
        self._is_running.acquire()

    def cancel(self) -> bool:
        """Takes the work back, unless a helper has begun."""
        return self._is_taken.acquire(blocking=False)

    def run(self) -> None:
        """Does the work, unless it was taken back."""
        if not self._is_taken.acquire(blocking=False):
            return
        try:
            self._work()
        except BaseException as error:  # its owner raises it
            self.error = error
        finally:
            self._is_running.release()

    def wait(self) -> None:
        """Waits until a helper that has begun is done."""
        self._is_running.acquire()


@lru_cache(maxsize=1)
def _open_shares(process: int) -> SimpleQueue[_Share]:
    """Where the helpers of a process look for work.

    They are started here: a forked process has none of its parent's threads.
    """
    shares: SimpleQueue[_Share] = SimpleQueue()
    for number in range(max(_cores() - 1, 1)):
        name = f"kernels-{number}"
        Thread(target=_help, args=(shares,), name=name, daemon=True).start()
    return shares


def _help(shares: SimpleQueue[_Share]) -> None:
    while True:
        shares.get().run()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        available = len(os.sched_getaffinity(0))
    else:
        available = os.cpu_count() or 1
    limit = os.environ.get("NUMBA_NUM_THREADS")
    return min(available, int(limit)) if limit else available
