"""Hands cells to the workers of a Dask cluster, on this machine or elsewhere."""

from __future__ import annotations

import contextlib
import logging
import tempfile
import time
import uuid
from collections import deque
from typing import (
    Any,
    Callable,
    Dict,
    Generator,
    Iterator,
    Mapping,
    Optional,
    Sequence,
    Tuple,
)

from distributed import Client, Future, LocalCluster, as_completed
from distributed.scheduler import KilledWorker

from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.training_progress import TrainingProgress
from rasa_randconn.sweep.cell_run import TOPIC, Outcome
from rasa_randconn.sweep.cells import Cell

_POLL_SECONDS = 0.5
_CONNECT_SECONDS = 30


class SchedulerLostError(Exception):
    """The scheduler of the cluster no longer answers."""


@contextlib.contextmanager
def local_cluster(workers: int) -> Iterator[Client]:
    """Starts workers on this machine.

    Args:
        workers: How many; each is a process that runs one cell at a time.

    Yields:
        A client of the cluster. After the block the workers are gone.
    """
    with tempfile.TemporaryDirectory(prefix="rasa-randconn-sweep-") as folder:
        with LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            # the memory that cells need is that of other processes
            memory_limit=0,
            dashboard_address="localhost:0",
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        ) as cluster, Client(cluster) as client:
            yield client


@contextlib.contextmanager
def remote_cluster(scheduler: str) -> Iterator[Client]:
    """Connects to a cluster that runs already.

    Args:
        scheduler: The scheduler's address, for example `tcp://host:8786`.

    Yields:
        A client of the cluster.

    Raises:
        ComparisonError: If nothing answers there.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ComparisonError(
            f"No Dask scheduler answers at '{scheduler}': {error}"
        ) from error
    with client:
        yield client


def outcomes(
    client: Client,
    cells: Sequence[Cell],
    task: Callable[[Cell], Outcome],
    on_progress: Callable[
        [int, Mapping[Cell, Optional[TrainingProgress]]], None
    ] = lambda workers, running: None,
) -> Generator[Tuple[Cell, Outcome], None, None]:
    """Runs cells on a cluster, as many at a time as it has workers.

    Dask runs a cell whose worker is lost again on another one, up to three times
    (`distributed.scheduler.allowed-failures`).

    Args:
        client: A client of the cluster.
        cells: The cells.
        task: Runs a cell.
        on_progress: Told twice a second how many workers there are, and which cells
            have begun, with the progress of their trainings.

    Yields:
        Every cell once, with what came of it, in the order in which they are finished.
        When the iterator is closed, the cells that run are cancelled.

    Raises:
        SchedulerLostError: If the scheduler no longer answers.
    """
    sweep = uuid.uuid4().hex
    waiting = deque(cells)
    running: Dict[str, Tuple[Cell, Future]] = {}
    heard: Dict[str, Optional[TrainingProgress]] = {}

    def hear(event: Tuple[float, Dict[str, Any]]) -> None:
        _, note = event
        progress = note["progress"]
        heard[note["task"]] = progress and TrainingProgress(**progress)

    client.subscribe_topic(TOPIC, hear)
    completed = as_completed(with_results=True, raise_errors=False, loop=client.loop)
    try:
        while waiting or running:
            workers = _number_of_workers(client)
            while waiting and len(running) < workers:
                cell = waiting.popleft()
                future = client.submit(
                    task, cell, key=f"{cell.name}-{sweep}", pure=False
                )
                running[future.key] = (cell, future)
                completed.add(future)
            on_progress(
                workers, {cell: heard.get(key) for key, (cell, _) in running.items()}
            )
            for future, result in completed.next_batch(block=False):
                if future.cancelled():
                    raise SchedulerLostError
                cell, _ = running.pop(future.key)
                yield cell, _outcome(future, result)
            time.sleep(_POLL_SECONDS)
    finally:
        with contextlib.suppress(Exception):
            client.cancel([future for _, future in running.values()])


def _number_of_workers(client: Client) -> int:
    if client.status != "running":
        raise SchedulerLostError
    try:
        return len(client.ncores())
    except OSError as error:
        raise SchedulerLostError from error


def _outcome(future: Future, result: Any) -> Outcome:
    if future.status != "error":
        outcome: Outcome = result
        return outcome
    _, error, _ = result
    if isinstance(error, KilledWorker):
        return Outcome(failure="Every worker that ran it was lost.")
    return Outcome(failure=f"The worker failed: {type(error).__name__}: {error}")
