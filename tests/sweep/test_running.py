from __future__ import annotations

import io
import os
import signal
import tarfile
import threading
import time

import pandas as pd
import pytest

from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.runner import FAILED, INTERRUPTED
from rasa_randconn.comparison.split import Split
from rasa_randconn.sweep import running
from rasa_randconn.sweep.components import SweptComponent

pytestmark = pytest.mark.slow

NAMES = sorted(
    f"density{density}-size{size}-grouped-seed{seed}"
    for density in (0.2, 1.0)
    for size in (4, 8)
    for seed in (1, 2)
)
CELL = "density1.0-size4-grouped-seed1"


def test_every_cell_is_trained_once_and_the_same_command_does_nothing(project):
    code, output = project.sweep(workers=2)

    assert code == 0
    assert sorted(project.trained()) == project.finished() == NAMES
    for name in ("results.csv", "results.parquet", "summary.csv", "recommendation.md"):
        assert (project.out / name).exists()
    assert (project.out / "plots" / "intent_f1.png").exists()
    assert (project.out / "plots" / "intent_f1.svg").exists()
    assert "8/8" in output

    code, output = project.sweep(workers=2)

    assert code == 0
    assert len(project.trained()) == len(NAMES)
    assert "there is nothing to do" in output


def test_a_larger_grid_trains_the_new_cells_only(project, in_this_process):
    project.sweep(sizes=[4])

    code, output = project.sweep(sizes=[4, 8])

    assert code == 0
    assert "4 cells are finished already" in output
    assert sorted(project.trained()) == NAMES
    assert len(pd.read_csv(project.out / "results.csv")) == len(NAMES)


def test_a_failing_cell_leaves_the_others_and_is_tried_again(project, in_this_process):
    code, output = project.sweep(failing=CELL)

    assert code == FAILED
    assert "the reason" in output
    assert "Failed: density 1, size 4, grouped, seed 1. The reasons are in" in output
    assert project.finished() == [name for name in NAMES if name != CELL]
    log = project.out / "failures" / f"{CELL}.log"
    assert log.read_text() == "On a, training failed.\nthe reason\n"

    code, _ = project.sweep()

    assert code == 0
    assert project.finished() == NAMES
    assert project.trained().count(CELL) == 2
    assert len(project.trained()) == len(NAMES) + 1
    assert not log.exists()


def test_a_fault_that_all_cells_share_ends_the_sweep(project, in_this_process):
    code, output = project.sweep(failing="all")

    assert code == FAILED
    assert len(project.trained()) < len(NAMES)
    assert "failed for the same reason, so the others are not tried" in output


def test_configuration_and_data_are_checked_first(
    project, in_this_process, monkeypatch
):
    def refuse(plan):
        raise ComparisonError("no such component")

    def read_components(config, sections):
        raise ComparisonError("Rasa cannot use the configuration")

    project.check = refuse
    monkeypatch.setattr(running, "read_components", read_components)
    with pytest.raises(ComparisonError, match="no such component"):
        project.sweep()
    assert not project.out.exists()
    assert not project.trained()


def test_a_test_set_is_made_where_there_is_none(project, in_this_process):
    files = {f"split/{part}/nlu.yml": part for part in ("train", "test")}
    project.divided = Split(0.8, 4, 1, [], files)
    arguments = {"sizes": [4], "seeds": [1], "test_nlu": [], "split": 0.8}

    code, output = project.sweep(**arguments)

    assert code == 0
    assert "4 examples to train on, 1 to test on" in output
    assert (project.out / "split" / "test" / "nlu.yml").read_text() == "test"
    for part in ("train", "test"):
        (path,) = getattr(project.packed.plan, f"{part}_nlu")
        with tarfile.open(fileobj=io.BytesIO(project.packed.archive)) as archive:
            assert archive.extractfile(f"{path}/nlu.yml").read() == part.encode()

    assert "nothing to do" in project.sweep(**arguments)[1]
    with pytest.raises(ComparisonError, match="--split changed"):
        project.sweep(**{**arguments, "split": 0.7})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_finished_cells(project, number):
    hang = project.folder / "journal.hang"
    hang.touch()

    def interrupt():
        deadline = time.monotonic() + 60
        while CELL not in project.trained() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=interrupt)
    thread.start()
    code, output = project.sweep(hanging=CELL)
    thread.join()

    assert code == INTERRUPTED
    assert "the same command goes on" in output
    before = project.trained()
    assert project.finished() == sorted(set(before) - {CELL}) != []
    hang.unlink()

    code, _ = project.sweep()

    assert code == 0
    assert project.finished() == NAMES
    assert len(project.trained()) == len(NAMES) + 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"file": "train.yml"}, "--train-nlu changed"),
        ({"file": "test.yml"}, "--test-nlu changed"),
        ({"file": "config.yml"}, "--config changed"),
        ({"epochs": 3}, "--epochs changed"),
    ],
)
def test_other_inputs_are_not_mixed_in(project, in_this_process, change, named):
    project.sweep(sizes=[4], seeds=[1])
    file = change.pop("file", None)
    if file is not None:
        with open(project.folder / file, "a") as opened:
            opened.write(" # changed\n")

    with pytest.raises(ComparisonError, match=named):
        project.sweep(sizes=[4, 8], seeds=[1], **change)
    assert len(project.finished()) == 2

    code, _ = project.sweep(sizes=[8], seeds=[1], overwrite=True, **change)

    assert code == 0
    assert project.finished() == [
        name for name in NAMES if "size8-grouped-seed1" in name
    ]


@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_of_others_are_never_touched(project, overwrite):
    (project.out / "plots").mkdir(parents=True)
    (project.out / "plots" / "precious.png").write_text("")

    with pytest.raises(ComparisonError, match="not from a sweep"):
        project.sweep(overwrite=overwrite)

    assert (project.out / "plots" / "precious.png").exists()


def test_a_damaged_cell_is_named(project, in_this_process):
    project.sweep(sizes=[4], seeds=[1])
    (project.out / "cells" / f"{CELL}.json").write_text("{")

    with pytest.raises(ComparisonError, match=rf"{CELL}\.json.*Delete it"):
        project.sweep(sizes=[4], seeds=[1])


def test_stock_components_vary_without_pattern(project, in_this_process, monkeypatch):
    stock = [SweptComponent("DIETClassifier", 4, False)]
    monkeypatch.setattr(running, "read_components", lambda *_: stock)

    code, output = project.sweep(
        seeds=[1], sizes=[4], patterns=["grouped", "unstructured"]
    )

    assert code == 0
    assert "Only densities and sizes vary: DIETClassifier of Rasa has no" in output
    assert project.finished() == [
        "density0.2-size4-stock-seed1",
        "density1.0-size4-stock-seed1",
    ]
    assert set(pd.read_csv(project.out / "results.csv")["pattern"]) == {"stock"}


def test_heads_that_rasa_knows_count_where_there_are_layers(project, monkeypatch):
    components = [SweptComponent("Own", 5, True), SweptComponent("Own", 3, True)]
    monkeypatch.setattr(running, "read_components", lambda *_: components)
    config = project.folder / "config.yml"
    entry = "- {{name: own.Own, number_of_transformer_layers: {}}}\n"

    config.write_text("pipeline:\n" + entry.format(0) + entry.format(1))
    with pytest.raises(ComparisonError, match="size 8 is not a multiple of the 3 att"):
        project.sweep(sizes=[8])
    config.write_text("pipeline:\n" + entry.format(1) + entry.format(0))
    with pytest.raises(ComparisonError, match="size 8 is not a multiple of the 5 att"):
        project.sweep(sizes=[8])


def test_the_check_sees_the_options_of_a_cell(project, in_this_process):
    seen = []
    project.check = seen.append
    project.sweep(sizes=[4], seeds=[1])
    (plan,) = seen
    assert plan.options == {
        "connection_density": 0.2,
        "transformer_size": 4,
        "connection_pattern": "grouped",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": [4, 6]}, "size 6 is not a multiple of the 4 attention heads"),
        ({"sizes": [0]}, "Sizes must be at least 1"),
        ({"densities": [1.5]}, "Densities must be from 0 to 1"),
        ({"densities": [0.2, 0.2]}, "--densities may be given only once"),
        ({"workers": 0}, "--workers must be at least 1"),
        ({"threads": 0}, "--threads must be at least 1"),
        ({"workers": 2, "scheduler": "tcp://a:1"}, "not both"),
        ({"seeds": [1, 1]}, "only once"),
    ],
)
def test_plans_that_cannot_work_are_explained(project, changes, message):
    with pytest.raises(ComparisonError, match=message):
        project.sweep(**changes)

    assert not project.out.exists()


def test_threads_are_shared_out_among_local_workers(project, monkeypatch):
    monkeypatch.setattr(running, "CPU_COUNT", 8)

    assert running._threads(project.plan(workers=3)) == 2
    assert running._threads(project.plan(workers=16)) == 1
    assert running._threads(project.plan(workers=3, threads=5)) == 5
    assert running._threads(project.plan(scheduler="tcp://a:1")) is None
