"""A sweep shows which cells run, how far they are, and the time left."""

from __future__ import annotations

import io

import pytest
from pretended import pretended_run
from rich.console import Console

from rasa_randconn.comparison import progress_display
from rasa_randconn.comparison.progress_display import ProgressDisplay
from rasa_randconn.comparison.training_progress import TrainingProgress
from rasa_randconn.sweep import observer as module
from rasa_randconn.sweep.cell_run import Outcome
from rasa_randconn.sweep.cells import grid
from rasa_randconn.sweep.observer import SweepObserver

CELLS = grid([0.1, 0.2], [4], ["grouped"], [1, 2, 3])


@pytest.fixture
def now(monkeypatch):
    times = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: times[0])
    monkeypatch.setattr(progress_display, "SECONDS_BETWEEN_LINES", 0.0)
    return times


@pytest.fixture
def observed(now):
    output = io.StringIO()
    display = ProgressDisplay(Console(file=output, width=200))
    observer = SweepObserver(display, CELLS)

    def last_line():
        return output.getvalue().splitlines()[-1].partition(" ")[2]

    return observer, last_line


def test_cells_are_shown_with_their_epochs_and_the_time_left(observed, now):
    observer, last_line = observed
    first, second = CELLS[:2]
    observer.show(2, {first: None, second: TrainingProgress("A", 3, 10, 2.0)})
    assert last_line() == (
        "0 of 6 cells, workers: 2; density 0.1, size 4, grouped, seed 1: preparing or "
        "testing; density 0.2, size 4, grouped, seed 1: A, epoch 3 of 10; 0:00 so far, "
        "at least 0:21 left"
    )
    now[0] = 30.0
    observer.report(first, Outcome(pretended_run(first)))
    assert last_line().startswith(
        "[1/6] density 0.1, size 4, grouped, seed 1: intent F1"
    )

    # the other setting is taken to be alike: three cells wait, one has just begun
    now[0] = 40.0
    observer.show(2, {second: None, CELLS[2]: None})
    assert last_line().endswith("0:40 so far, about 1:00 left")


def test_only_some_of_many_running_cells_are_shown(observed):
    observer, last_line = observed
    observer.show(6, dict.fromkeys(CELLS))
    assert last_line().count("preparing") == 4
    assert "; and 2 more; " in last_line()


def test_workers_are_waited_for(observed):
    observer, last_line = observed
    observer.show(0, {})
    assert last_line().startswith("waiting for workers; 0:00 so far, ? left")
