"""Runs independent pieces of work on all cores."""

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
    """Applies a function to each piece, in several threads.

    Compiled kernels release Python's global lock, so this uses all cores, or as many as
    `NUMBA_NUM_THREADS` allows. The calling thread works, too. Results do not depend on
    the number of cores.

    Args:
        function: Computes one piece; calls must not depend on each other.
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

    tasks = [_Task(work) for _ in range(min(len(pieces), _cores()) - 1)]
    for task in tasks:
        _task_queue(os.getpid()).put(task)
    try:
        work()
    finally:
        # waiting for a task that has not started could deadlock: all workers may be
        # waiting for this thread
        started = [task for task in tasks if not task.cancel()]
        for task in started:
            task.wait()
    for task in started:
        if task.error is not None:
            raise task.error
    return results


class _Task:
    """Work for a worker thread; can be cancelled until the worker starts it.

    This is a future with less overhead: `concurrent.futures` takes too long to be of
    use for a millisecond of work.

    Attributes:
        error: The exception that the work raised, if any.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self.error: Optional[BaseException] = None
        self._work = work
        self._is_taken = Lock()
        self._is_running = Lock()
        self._is_running.acquire()

    def cancel(self) -> bool:
        """Cancels the task. Returns false if a worker has started it."""
        return self._is_taken.acquire(blocking=False)

    def run(self) -> None:
        """Does the work, unless the task was cancelled."""
        if not self._is_taken.acquire(blocking=False):
            return
        try:
            self._work()
        except BaseException as error:  # raised by `in_parallel`
            self.error = error
        finally:
            self._is_running.release()

    def wait(self) -> None:
        """Waits for the worker that has started the task."""
        self._is_running.acquire()


@lru_cache(maxsize=1)
def _task_queue(process: int) -> SimpleQueue[_Task]:
    """The queue of a process, with its worker threads started.

    There is one for each process, because a fork inherits no threads of its parent.
    """
    tasks: SimpleQueue[_Task] = SimpleQueue()
    for number in range(max(_cores() - 1, 1)):
        name = f"kernels-{number}"
        Thread(target=_run_tasks, args=(tasks,), name=name, daemon=True).start()
    return tasks


def _run_tasks(tasks: SimpleQueue[_Task]) -> None:
    while True:
        tasks.get().run()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        available = len(os.sched_getaffinity(0))
    else:
        available = os.cpu_count() or 1
    limit = os.environ.get("NUMBA_NUM_THREADS")
    return min(available, int(limit)) if limit else available
