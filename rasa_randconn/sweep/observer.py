"""Shows how far a sweep is."""

from __future__ import annotations

import time
from typing import Dict, Mapping, Optional, Sequence

from rasa_randconn.comparison.console import clock
from rasa_randconn.comparison.progress_display import ProgressDisplay
from rasa_randconn.comparison.results import F1_SCORES
from rasa_randconn.comparison.time_left import RunningRun, RunTimes
from rasa_randconn.comparison.training_progress import TrainingProgress
from rasa_randconn.sweep.cell_run import Outcome
from rasa_randconn.sweep.cells import Cell

_MOST_SHOWN = 4


class SweepObserver:
    """Shows which cells run and how far they are, and says what came of them."""

    def __init__(self, display: ProgressDisplay, cells: Sequence[Cell]) -> None:
        """Begins with the first cell.

        Args:
            display: Where to show it.
            cells: The cells to train.
        """
        self._display = display
        self._cells = len(cells)
        self._finished = 0
        self._times = RunTimes(others_are_alike=True)
        self._began: Dict[Cell, float] = {}
        self._waiting = dict.fromkeys(cells)

    def show(
        self, workers: int, running: Mapping[Cell, Optional[TrainingProgress]]
    ) -> None:
        """Shows the state of affairs.

        Args:
            workers: How many workers there are.
            running: The cells that have begun, with the progress of their trainings.
        """
        now = time.monotonic()
        for cell in running:
            self._began.setdefault(cell, now)
            self._waiting.pop(cell, None)
        lines = [
            f"{cell.title}: {progress or 'preparing or testing'}"
            for cell, progress in running.items()
        ]
        if len(lines) > _MOST_SHOWN:
            lines[_MOST_SHOWN:] = [f"and {len(lines) - _MOST_SHOWN} more"]
        finished = f"{self._finished} of {self._cells} cells"
        self._display.show(
            [
                f"{finished}, workers: {workers}" if workers else "waiting for workers",
                *lines,
            ],
            done=self._finished,
            total=self._cells,
            left=self._times.left(
                [
                    RunningRun(cell.setting, now - self._began[cell], progress)
                    for cell, progress in running.items()
                ],
                [cell.setting for cell in self._waiting],
                at_a_time=workers,
            ),
        )

    def report(self, cell: Cell, outcome: Outcome) -> None:
        """Says what came of a cell.

        Args:
            cell: The cell.
            outcome: What came of it.
        """
        self._finished += 1
        began = self._began.pop(cell, None)
        title = f"{clock()} [{self._finished}/{self._cells}] {cell.title}"
        run = outcome.run
        if run is None:
            self._display.say(f"{title}: {outcome.failure}", "red")
            for line in outcome.log:
                self._display.say(f"  {line}")
            return
        if began is not None:
            self._times.add(cell.setting, time.monotonic() - began)
        scores = [
            f"{label} {run[score]:.3f}"
            for score, label in F1_SCORES.items()
            if run.get(score) is not None
        ]
        scores.append(f"trained in {run['train_seconds']:.1f} s on {run['host']}")
        self._display.say(f"{title}: {', '.join(scores)}")
