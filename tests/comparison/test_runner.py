from __future__ import annotations

import io
import json
import os
import re
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest
from rich.console import Console

from rasa_randconn.comparison import (
    progress_display,
    results,
    runner,
    worker_process,
)
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.plan import Plan

WORKER = """\
#!{python}
import json, os, subprocess, sys, time
module, request = sys.argv[-2].rpartition(".")[2], json.load(open(sys.argv[-1]))
if module == "check_worker":
    faults = [c for c in request["configs"] if "faulty" in c]
    split = request["split"] and {{"fraction": request["split"], "train_examples": 80,
        "test_examples": 20, "untrained": [],
        "files": {{"split/train/nlu.yml": "train", "split/test/nlu.yml": "test"}}}}
    json.dump({{"faults": faults, "split": split}}, open(request["response"], "w"))
    sys.exit()
with open({journal!r}, "a") as journal:
    journal.write(f"{{module}} {{request['config']}} {{request['seed']}}\\n")
if request["config"] == "divided.yml":
    for part in ("train", "test"):
        (folder,) = request[f"{{part}}_nlu"]
        assert open(os.path.join(folder, "nlu.yml")).read() == part
if "failing" in request["config"] and request["seed"] == 2:
    sys.exit("something went wrong here")
if "hanging" in request["config"] and request["seed"] == 2:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with open({pids!r} + ".part", "w") as pids:
        pids.write(f"{{os.getpid()}} {{child.pid}}")
    os.replace({pids!r} + ".part", {pids!r})
    time.sleep(60)
if "slow" in request["config"] and module == "train_worker":
    with open(os.path.join(request["scratch"], "progress.jsonl"), "w") as notes:
        print(json.dumps({{"component": "DIETClassifier", "epoch": 3, "epochs": 10,
            "seconds_per_epoch": 0.4}}), file=notes)
    time.sleep(1.5)
if module == "train_worker":
    open(request["model"], "w").close()
    response = {{
        "components": {{"DIETClassifier": {{"class": "x.DIETClassifier",
            "family": "DIETClassifier", "train_seconds": 2.0, "connections": 5}}}},
        "train_seconds": 3.0, "peak_rss_bytes": 10**6, "versions": {{"rasa": "3"}}}}
else:
    response = {{
        "components": {{"DIETClassifier": {{"load_seconds": 1.0}}}},
        "intent_f1": 0.5, "peak_rss_bytes": 10**6}}
json.dump(response, open(request["response"], "w"))
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose workers are a script that only pretends to train and test."""
    script = tmp_path / "worker"
    script.write_text(
        textwrap.dedent(WORKER).format(
            python=sys.executable,
            journal=str(tmp_path / "journal"),
            pids=str(tmp_path / "pids"),
        )
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(worker_process.sys, "executable", str(script))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nlu.yml").write_text("nlu:\n- intent: a")
    for name in ("a", "b", "failing", "hanging", "slow", "divided"):
        (tmp_path / f"{name}.yml").write_text("pipeline:\n- name: A\n")
    return tmp_path


def plan(project, *configs, **changes):
    arguments = {
        "configs": [f"{config}.yml" for config in configs],
        "out": project / "out",
        "seeds": [1, 2],
        "train_nlu": ["nlu.yml"],
        "test_nlu": ["nlu.yml"],
        "command": "rasa-randconn compare",
        **changes,
    }
    return Plan(**arguments)


def run(plan):
    output = io.StringIO()
    code = runner.compare(plan, Console(file=output, width=120))
    return code, output.getvalue()


def finished(project):
    return [
        (run["config"], run["seed"])
        for run in results.read(project / "out" / "results.json")
    ]


def test_configurations_alternate(project):
    code, output = run(plan(project, "a", "b"))

    assert code == 0
    assert (project / "journal").read_text().splitlines() == [
        f"{worker} {config}.yml {seed}"
        for seed in (1, 2)
        for config in ("a", "b")
        for worker in ("train_worker", "evaluation_worker")
    ]
    assert finished(project) == [
        ("a.yml", 1),
        ("b.yml", 1),
        ("a.yml", 2),
        ("b.yml", 2),
    ]
    assert "Missing" not in output
    out = project / "out"
    assert sorted(child.name for child in out.iterdir()) == [
        "configs",
        "evaluation",
        "logs",
        "models",
        "plots",
        "report.html",
        "report.md",
        "results.json",
    ]
    assert (out / "models" / "a-seed1.tar.gz").exists()


def test_nothing_is_trained_or_written_if_there_are_faults(project):
    for name in ("faulty", "faulty2"):
        (project / f"{name}.yml").write_text("pipeline:\n- name: A\n")
    with pytest.raises(ComparisonError, match=r"^faulty.yml\nfaulty2.yml$"):
        run(plan(project, "a", "faulty", "faulty2"))
    assert not (project / "journal").exists()
    assert not (project / "out").exists()


def test_training_and_test_are_merged(project):
    run(plan(project, "a", seeds=[1]))

    (result,) = results.read(project / "out" / "results.json")
    assert result["components"]["DIETClassifier"] == {
        "class": "x.DIETClassifier",
        "family": "DIETClassifier",
        "train_seconds": 2.0,
        "connections": 5,
        "load_seconds": 1.0,
    }
    assert result["peak_rss_bytes"] == {"training": 10**6, "serving": 10**6}
    assert result["intent_f1"] == 0.5
    assert result["action_f1"] is None
    assert result["train_process_seconds"] > 0
    assert set(result["machine"]) == {
        "cpu",
        "cpu_features",
        "cores",
        "memory_bytes",
        "platform",
    }
    assert "commit" in result


def test_a_test_set_is_made_where_there_is_none(project):
    arguments = {"test_nlu": [], "split": 0.8, "seeds": [1]}
    code, output = run(plan(project, "divided", **arguments))

    assert code == 0
    sentence = "80 examples to train on, 20 to test on, both in the folder 'split'"
    assert sentence in output
    assert sentence in (project / "out" / "report.md").read_text()
    (result,) = results.read(project / "out" / "results.json")
    assert result["split"] == {
        "fraction": 0.8,
        "seed": 42,
        "train_examples": 80,
        "test_examples": 20,
        "untrained": [],
    }
    assert (project / "nlu.yml").read_text() == "nlu:\n- intent: a"
    code, _ = run(plan(project, "divided", overwrite=True, **arguments))
    assert code == 0


def test_epochs_and_the_time_left_are_shown(project, monkeypatch):
    monkeypatch.setattr(progress_display, "SECONDS_BETWEEN_LINES", 0.0)
    _, output = run(plan(project, "a", "slow", seeds=[1, 2]))

    lines = [line.partition(" ")[2] for line in output.splitlines()]
    shown = [line for line in lines if line.startswith("[2/4]")]
    assert shown[0] == "[2/4] slow, seed 1: training"
    assert re.match(
        r"\[2/4\] slow, seed 1: DIETClassifier, epoch 3 of 10; \d:\d\d so far, "
        r"at least \d:\d\d left",
        shown[1],
    )
    assert re.match(r"\[2/4\] slow, seed 1: trained in \d", shown[-3])
    assert re.match(r"\[2/4\] slow, seed 1: testing", shown[-2])
    assert re.match(r"\[2/4\] slow, seed 1: tested in \d", shown[-1])
    later = [line for line in lines if line.startswith("[4/4] slow, seed 2: DIET")]
    assert re.search(r"about 0:0\d left$", later[0])


def test_the_first_configuration_stays_the_first_whatever_fails(project):
    _, output = run(plan(project, "failing", "a", seeds=[2, 1]))

    assert finished(project)[0] == ("a.yml", 2)
    caption = (
        "Medians (of scores: means) over seeds 1 of failing; 2, 1 of a; in brackets "
        "compared with failing"
    )
    assert caption in " ".join(output.split())


def test_failing_run_leaves_the_others(project):
    code, output = run(plan(project, "failing", "b"))

    assert code == runner.FAILED
    assert finished(project) == [("failing.yml", 1), ("b.yml", 1), ("b.yml", 2)]
    assert "something went wrong here" in output
    assert "Missing: failing with seed 2." in output
    log = project / "out" / "logs" / "failing-seed2-train.log"
    assert "something went wrong here" in log.read_text()
    assert "failing with seed 2" in (project / "out" / "report.md").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_ends_the_worker_and_keeps_results(project, number):
    pids = project / "pids"

    def interrupt():
        deadline = time.monotonic() + 30
        while not pids.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=interrupt)
    thread.start()
    code, output = run(plan(project, "a", "hanging"))
    thread.join()

    assert code == runner.INTERRUPTED
    assert finished(project) == [("a.yml", 1), ("hanging.yml", 1), ("a.yml", 2)]
    assert "Missing: hanging with seed 2." in output
    assert not list((project / "out").glob(".work-*"))
    worker, child = map(int, pids.read_text().split())
    assert not psutil.pid_exists(worker)
    deadline = time.monotonic() + 5
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(child)


def _alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_worker_ends_with_the_process_that_started_it():
    command = "from rasa_randconn.comparison import worker as w; "
    command += "w._end_with_input()"
    process = subprocess.Popen(
        [sys.executable, "-c", command], stdin=subprocess.PIPE, start_new_session=True
    )
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)

    process.stdin.close()

    assert process.wait(30) == -signal.SIGKILL


def test_a_worker_without_a_group_of_its_own_ends_alone():
    worker = "from rasa_randconn.comparison import worker as w; w._end_with_input()"
    command = "import subprocess, sys; "
    command += f"subprocess.run([sys.executable, '-c', {worker!r}], input=b''); "
    command += "print('still here')"
    output = subprocess.check_output(
        [sys.executable, "-c", command], start_new_session=True
    )
    assert output == b"still here\n"


def test_existing_results_are_not_lost_by_accident(project, monkeypatch):
    run(plan(project, "a", seeds=[1]))
    before = (project / "out" / "results.json").read_bytes()

    # this is said before anything that takes time
    monkeypatch.setattr(runner, "check_with_rasa", None)
    with pytest.raises(ComparisonError, match="--overwrite"):
        run(plan(project, "b"))

    assert (project / "out" / "results.json").read_bytes() == before


def test_overwrite_replaces_results(project):
    run(plan(project, "a", seeds=[1]))
    (project / "out" / "notes.txt").write_text("mine")

    code, _ = run(plan(project, "b", seeds=[1], overwrite=True))

    assert code == 0
    assert finished(project) == [("b.yml", 1)]
    assert not (project / "out" / "models" / "a-seed1.tar.gz").exists()
    assert (project / "out" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_of_others_are_never_touched(project, overwrite):
    models = project / "out" / "models"
    models.mkdir(parents=True)
    (models / "precious.tar.gz").write_text("")

    with pytest.raises(ComparisonError, match="not from a comparison"):
        run(plan(project, "a", overwrite=overwrite))

    assert (models / "precious.tar.gz").exists()


def test_overwrite_refuses_foreign_results(project):
    (project / "out").mkdir()
    (project / "out" / "results.json").write_text(json.dumps({"accuracy": 1}))

    with pytest.raises(ComparisonError, match="does not hold results"):
        run(plan(project, "a", overwrite=True))

    assert json.loads((project / "out" / "results.json").read_text())


def test_the_check_with_rasa_gets_the_options_that_will_be_set(project, monkeypatch):
    asked = []

    def run_worker(phase, request, *others, **more):
        asked.append(request.options)
        return {"faults": [], "split": None}, 0.0

    monkeypatch.setattr(runner, "run_worker", run_worker)
    runner.check_with_rasa(plan(project, "a", options={"transformer_size": 32}))
    assert asked == [{"transformer_size": 32}]
