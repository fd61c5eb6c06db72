"""Trains and tests one cell on the machine of a Dask worker."""

from __future__ import annotations

import dataclasses
import socket
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, List, Optional

from dask.system import CPU_COUNT
from distributed import get_worker

from rasa_randconn.comparison import machine
from rasa_randconn.comparison.checkout import commit
from rasa_randconn.comparison.results import Run
from rasa_randconn.comparison.runner import FOLDERS_OF_RUNS, run_once
from rasa_randconn.comparison.training_progress import TrainingProgress
from rasa_randconn.comparison.worker_process import RunFailedError
from rasa_randconn.sweep.cells import Cell
from rasa_randconn.sweep.inputs import PackedPlan
from rasa_randconn.version import __version__

TOPIC = "rasa-randconn-sweep"
"""Topic of the events in which workers tell how far their cells are."""

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Outcome:
    """What came of a cell."""

    run: Optional[Run] = None
    """What was measured, `None` if the cell failed."""

    failure: str = ""
    """What went wrong, in a sentence."""

    log: List[str] = field(default_factory=list)
    """The last lines that the failed training or test wrote."""


class CellCancelledError(Exception):
    """Nobody waits for the cell any more."""


@dataclass(frozen=True)
class CellTask:
    """Runs cells; it is sent to the workers of a Dask cluster."""

    packed: PackedPlan
    threads: Optional[int] = None
    """Threads that one cell may use; `None` for all cores of the worker's machine."""

    version: str = __version__
    """Version of this package where the sweep was started."""

    def __call__(self, cell: Cell) -> Outcome:
        """Trains and tests a cell in processes of its own and in a temporary folder.

        Args:
            cell: The cell.

        Returns:
            What was measured, or why that failed.

        Raises:
            CellCancelledError: If the cell's result is no longer wanted.
        """
        host = socket.gethostname()
        if self.version != __version__:
            return Outcome(
                failure=f"{host} has rasa_randconn {__version__}, but the sweep was "
                f"started with {self.version}."
            )
        threads = self.threads or CPU_COUNT
        # also where a worker was started with several threads
        with _one_at_a_time, tempfile.TemporaryDirectory(
            # Dask empties the folder of a worker that was killed
            dir=get_worker().local_directory
        ) as folder:
            return self._run(cell, Path(folder), host, threads)

    def _run(self, cell: Cell, folder: Path, host: str, threads: int) -> Outcome:
        out = folder / "out"
        for name in FOLDERS_OF_RUNS:
            (out / name).mkdir(parents=True)
        plan = self.packed.unpack(
            folder, out=out, options=cell.options, threads=threads
        )
        try:
            run = run_once(
                plan,
                cell.name,
                plan.configs[0],
                cell.seed,
                say=lambda text: None,
                on_progress=_Reporter(),
            )
        except RunFailedError as error:
            return Outcome(failure=f"On {host}, {error}.", log=error.tail())
        run.update(
            cell=dataclasses.asdict(cell),
            config=self.packed.plan.configs[0].partition("/")[2],
            host=host,
            threads=threads,
            machine=machine.describe(),
            commit=commit(),
        )
        return Outcome(run)


class _Reporter:
    """Tells the scheduler how far a cell is, and ends it if nobody waits for it."""

    def __init__(self) -> None:
        self._reported: Optional[TrainingProgress] = None

    def __call__(self, progress: Optional[TrainingProgress]) -> None:
        worker = get_worker()
        key = worker.get_current_task()
        task: Any = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled":
            raise CellCancelledError(key)
        if progress != self._reported:
            self._reported = progress
            note = None if progress is None else dataclasses.asdict(progress)
            worker.log_event(TOPIC, {"task": key, "progress": note})
