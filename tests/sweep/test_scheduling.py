from __future__ import annotations

import os
import signal
import time

import psutil
import pytest

from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.training_progress import TrainingProgress
from rasa_randconn.sweep import scheduling
from rasa_randconn.sweep.cell_run import Outcome
from rasa_randconn.sweep.cells import grid

pytestmark = pytest.mark.slow

CELLS = grid([0.1, 0.2], [4], ["grouped"], [1, 2])


def test_a_cell_whose_worker_is_killed_is_run_again_and_comes_once(tmp_path):
    def run(cell):
        if cell == CELLS[0] and not (tmp_path / "killed").exists():
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return Outcome({"cell": cell.name})

    with scheduling.local_cluster(2) as client:
        found = list(scheduling.outcomes(client, CELLS, run))

    assert (tmp_path / "killed").exists()
    assert sorted(cell.name for cell, _ in found) == sorted(c.name for c in CELLS)
    assert all(outcome.run == {"cell": cell.name} for cell, outcome in found)


def test_what_a_worker_cannot_run_fails_alone():
    def run(cell):
        if cell == CELLS[0]:
            raise MemoryError("no room")
        return Outcome({})

    with scheduling.local_cluster(1) as client:
        found = dict(scheduling.outcomes(client, CELLS, run))

    assert found.pop(CELLS[0]).failure == "The worker failed: MemoryError: no room"
    assert [outcome.run for outcome in found.values()] == [{}, {}, {}]


def test_closing_cancels_what_runs_and_ends_its_processes(tmp_path):
    def run(cell):
        import subprocess
        import sys

        from rasa_randconn.comparison.worker_process import _end, _wait
        from rasa_randconn.sweep.cell_run import _Reporter

        if cell == CELLS[0]:
            return Outcome({})
        process = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(300)"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        (tmp_path / "pid").write_text(str(process.pid))
        try:
            report = _Reporter()
            _wait(process, lambda: report(TrainingProgress("A", 1, 9)))
        finally:
            _end(process)

    with scheduling.local_cluster(2) as client:
        running = scheduling.outcomes(client, CELLS[:2], run)
        cell, outcome = next(running)
        assert (cell, outcome.run) == (CELLS[0], {})
        too_late = time.monotonic() + 60
        while not (tmp_path / "pid").exists() and time.monotonic() < too_late:
            time.sleep(0.1)
        time.sleep(0.5)
        pid = int((tmp_path / "pid").read_text())
        assert psutil.pid_exists(pid)

        running.close()

        gone = time.monotonic() + 30
        while psutil.pid_exists(pid) and time.monotonic() < gone:
            time.sleep(0.1)
        assert not psutil.pid_exists(pid)


def test_the_progress_of_trainings_on_workers_is_heard(tmp_path):
    def run(cell):
        import time
        from pathlib import Path

        from rasa_randconn.sweep.cell_run import _Reporter

        report = _Reporter()
        for epoch in (1, 2, 2):
            report(TrainingProgress("A", epoch, 9, 0.5))
        too_late = time.monotonic() + 60
        while not Path(heard_all).exists() and time.monotonic() < too_late:
            time.sleep(0.05)
        report(None)
        return Outcome({})

    heard_all = str(tmp_path / "heard")
    heard = []

    def hear(workers, running):
        heard.append((workers, dict(running)))
        found = [progress for progress in running.values() if progress]
        if len(found) == 2 and all(progress.epoch == 2 for progress in found):
            (tmp_path / "heard").touch()

    with scheduling.local_cluster(2) as client:
        found = dict(scheduling.outcomes(client, CELLS[:2], run, hear))

    assert [outcome.run for outcome in found.values()] == [{}, {}]
    assert (tmp_path / "heard").exists()
    assert {workers for workers, _ in heard} == {2}


def test_a_scheduler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(scheduling, "_CONNECT_SECONDS", 1)

    with pytest.raises(ComparisonError, match=r"No Dask scheduler answers at 'tcp://"):
        with scheduling.remote_cluster("tcp://127.0.0.1:9"):
            pass
