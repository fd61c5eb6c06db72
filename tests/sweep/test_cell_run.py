from __future__ import annotations

from types import SimpleNamespace

import pytest

from rasa_randconn.comparison.plan import Plan
from rasa_randconn.comparison.worker_process import RunFailedError
from rasa_randconn.sweep import cell_run
from rasa_randconn.sweep.cells import Cell
from rasa_randconn.sweep.inputs import pack

CELL = Cell(0.1, 16, "grouped", 3)


@pytest.fixture
def worker_folder(tmp_path, monkeypatch):
    folder = tmp_path / "worker"
    folder.mkdir()
    worker = SimpleNamespace(local_directory=str(folder))
    monkeypatch.setattr(cell_run, "get_worker", lambda: worker)
    return folder


@pytest.fixture
def packed(tmp_path):
    (tmp_path / "config.yml").write_text("pipeline: []")
    return pack(Plan(configs=[str(tmp_path / "config.yml")], out=tmp_path / "unused"))


def test_a_cell_is_run_with_its_options_and_leaves_no_files(
    worker_folder, packed, monkeypatch
):
    plans = []

    def run_once(plan, name, config, seed, say, on_progress):
        assert (plan.out / "models").is_dir()
        with open(config) as file:
            assert file.read() == "pipeline: []"
        plans.append((plan, name, seed))
        return {"seed": seed}

    monkeypatch.setattr(cell_run, "run_once", run_once)

    run = cell_run.CellTask(packed, threads=3)(CELL).run

    ((plan, name, seed),) = plans
    assert (plan.options, plan.threads) == (CELL.options, 3)
    assert (name, seed) == (CELL.name, 3)
    assert run["config"] == "config.yml"
    assert run["cell"] == {
        "density": 0.1,
        "size": 16,
        "pattern": "grouped",
        "seed": 3,
    }
    assert run["threads"] == 3
    assert not list(worker_folder.iterdir())


def test_a_training_that_fails_gives_the_end_of_its_log(
    worker_folder, packed, monkeypatch
):
    def run_once(plan, *_, **__):
        log = plan.out / "logs" / "train.log"
        log.write_text("the reason\n")
        raise RunFailedError("training", 1, log)

    monkeypatch.setattr(cell_run, "run_once", run_once)

    outcome = cell_run.CellTask(packed)(CELL)

    assert outcome.run is None
    assert "training failed with exit code 1" in outcome.failure
    assert outcome.log == ["the reason"]


def test_a_worker_of_another_version_runs_nothing(packed):
    outcome = cell_run.CellTask(packed, version="0.0.1")(CELL)

    assert outcome.run is None
    assert "started with 0.0.1" in outcome.failure
