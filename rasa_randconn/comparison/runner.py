"""Trains and tests every configuration with every seed, one process at a time."""

from __future__ import annotations

import dataclasses
import datetime
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from rich.console import Console

from rasa_randconn.comparison import (
    configuration,
    html_report,
    machine,
    plots,
    report,
    results,
)
from rasa_randconn.comparison.checkout import commit
from rasa_randconn.comparison.console import clock, make_console, say
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.plan import Plan
from rasa_randconn.comparison.progress_display import ProgressDisplay
from rasa_randconn.comparison.replaced_folders import check_not_replaced
from rasa_randconn.comparison.report_content import collect
from rasa_randconn.comparison.split import FOLDER, TEST, TRAIN, Split, describe
from rasa_randconn.comparison.time_left import RunningRun, RunTimes
from rasa_randconn.comparison.training_progress import TrainingProgress
from rasa_randconn.comparison.worker import CheckRequest, WorkerRequest
from rasa_randconn.comparison.worker_process import (
    RunFailedError,
    run_worker,
    terminate_as_interrupt,
    worker_environment,
)
from rasa_randconn.files import remove

INTERRUPTED = 130
FAILED = 1

#: Folders with what is left of every run.
FOLDERS_OF_RUNS = ("configs", "evaluation", "logs", "models")

#: Beginning of the names of folders that a run removes when it ends.
SCRATCH_PREFIX = ".work-"

_FILES = (results.FILE_NAME, report.FILE_NAME, html_report.FILE_NAME)


def compare(plan: Plan, console: Optional[Console] = None) -> int:
    """Runs a comparison and leaves its results in the plan's folder.

    After every finished run `results.json` is complete. A run that fails does not keep
    the others from running.

    Args:
        plan: What to compare.
        console: Where to report progress; standard output if `None`.

    Returns:
        0; 1 if a run failed; 130 if the user interrupted.

    Raises:
        ComparisonError: If the plan cannot be carried out.
    """
    console = console or make_console()
    plan.check()
    _check_folder(plan)
    say(console, f"{clock()} checking configurations and data")
    divided = check_with_rasa(plan)
    _prepare(plan)
    if divided is not None:
        divided.write(plan.out)
        plan = with_test_set(plan, plan.out)
        say(console, describe(divided.summary()))
    names = configuration.labels(plan.configs)
    pending = [
        (name, config, seed)
        for seed in plan.seeds
        for name, config in zip(names, plan.configs)
    ]
    total = len(pending)
    finished: List[results.Run] = []
    failed: List[str] = []
    interrupted = False
    origin: Dict[str, Any] = {"machine": machine.describe(), "commit": commit()}
    if divided is not None:
        origin["split"] = divided.summary()
    times = RunTimes()
    with terminate_as_interrupt():
        try:
            with ProgressDisplay(console) as display:
                while pending:
                    name, config, seed = pending[0]
                    position = total - len(pending) + 1
                    observer = _RunObserver(
                        display,
                        times,
                        f"[{position}/{total}] {name}, seed {seed}",
                        [waiting for waiting, _, _ in pending],
                    )
                    try:
                        run = run_once(
                            plan, name, config, seed, observer.say, observer.show
                        )
                    except RunFailedError as error:
                        failed.append(_title(name, seed))
                        _show_failure(console, error)
                    else:
                        times.add(name, observer.seconds)
                        run.update(origin)
                        finished.append(run)
                        results.write(finished, plan.out / results.FILE_NAME)
                    pending.pop(0)
        except KeyboardInterrupt:
            interrupted = True
            console.print("Interrupted.", style="red")
    missing = failed + [_title(name, seed) for name, _, seed in pending]
    finished.sort(key=lambda run: names.index(results.name_of(run)))
    _present(plan, finished, missing, console)
    if interrupted:
        return INTERRUPTED
    return FAILED if failed else 0


def check_with_rasa(plan: Plan) -> Optional[Split]:
    """Checks components, their options and the data in a process with Rasa.

    Args:
        plan: What is to be trained.

    Returns:
        The NLU data, divided as the plan says; `None` if they are not to be.

    Raises:
        ComparisonError: If something cannot be trained or tested; a line for each
            fault.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        request = CheckRequest(
            configs=list(plan.configs),
            epochs=plan.epochs,
            train_nlu=list(plan.train_nlu),
            test_nlu=list(plan.test_nlu),
            train_stories=list(plan.train_stories),
            test_stories=list(plan.test_stories),
            split=plan.split,
            options=dict(plan.options),
            scratch=folder,
            response=str(scratch / "response.json"),
        )
        environment = worker_environment(0, scratch, plan.threads)
        with terminate_as_interrupt():
            try:
                found, _ = run_worker(
                    "check",
                    request,
                    scratch / "check.log",
                    environment,
                    say=lambda text: None,
                )
            except RunFailedError as error:
                raise ComparisonError("\n".join([f"{error}.", *error.tail()])) from None
    if found["faults"]:
        raise ComparisonError("\n".join(found["faults"]))
    return None if found["split"] is None else Split(**found["split"])


def with_test_set(plan: Plan, folder: Path) -> Plan:
    """Gives a plan the parts of its NLU data.

    Args:
        plan: A plan whose NLU data are divided.
        folder: Where the parts were written.

    Returns:
        A plan to train and test on them.
    """
    return dataclasses.replace(
        plan,
        train_nlu=[str(folder / TRAIN)],
        test_nlu=[str(folder / TEST)],
        split=None,
    )


def _check_folder(plan: Plan) -> None:
    """Checks that the folder is free, or holds a comparison that may be replaced."""
    out = plan.out
    if out.exists() and not out.is_dir():
        raise ComparisonError(f"'{out}' is a file, not a folder.")
    existing = _existing(plan)
    if not existing:
        return
    if not (out / results.FILE_NAME).exists():
        raise ComparisonError(
            f"The folder '{out}' holds {', '.join(existing)}, but not from a "
            f"comparison. Choose another folder with --out."
        )
    if not plan.overwrite:
        raise ComparisonError(
            f"The folder '{out}' holds the results of another comparison. Choose "
            f"another folder with --out, or replace them with --overwrite."
        )
    results.read(out / results.FILE_NAME)
    check_not_replaced(plan.inputs, (out / name for name in existing))


def _prepare(plan: Plan) -> None:
    for name in _existing(plan):
        remove(plan.out / name)
    for scratch in plan.out.glob(f"{SCRATCH_PREFIX}*"):
        remove(scratch)
    results.write([], plan.out / results.FILE_NAME)
    for name in FOLDERS_OF_RUNS:
        (plan.out / name).mkdir(parents=True, exist_ok=True)


def _existing(plan: Plan) -> List[str]:
    """What there is in the folder under a name that a comparison uses."""
    names = (*FOLDERS_OF_RUNS, plots.FOLDER, FOLDER, *_FILES)
    return [name for name in names if (plan.out / name).exists()]


def _title(name: str, seed: int) -> str:
    return f"{name} with seed {seed}"


class _RunObserver:
    """Shows how far a run is, and says when a phase of it begins and when it ends."""

    def __init__(
        self, display: ProgressDisplay, times: RunTimes, title: str, pending: List[str]
    ) -> None:
        self._display = display
        self._times = times
        self._title = title
        self._name, *self._waiting = pending
        self._phase = ""
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time since the beginning of the run."""
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        self._phase = text
        self._display.say(f"{clock()} {self._title}: {text}")

    def show(self, progress: Optional[TrainingProgress]) -> None:
        running = RunningRun(self._name, self.seconds, progress)
        self._display.show(
            [f"{self._title}: {progress or self._phase}"],
            done=progress.epoch if progress else 0,
            total=progress.epochs if progress else None,
            left=self._times.left([running], self._waiting),
        )


def run_once(
    plan: Plan,
    name: str,
    config: str,
    seed: int,
    say: Callable[[str], None],
    on_progress: Callable[[Optional[TrainingProgress]], None] = lambda progress: None,
) -> results.Run:
    """Trains and tests one configuration with one seed.

    Args:
        plan: The data to train and test on, and the folder for all files.
        name: Short name of the configuration, for file names.
        config: The configuration's file.
        seed: The random seed.
        say: Told what begins and what has ended.
        on_progress: Told twice a second how far the training is; `None` in other
            phases. If it raises, the process that runs is ended.

    Returns:
        What was measured.

    Raises:
        RunFailedError: If the training or the test failed.
    """
    out = plan.out.resolve()
    stem = f"{name}-seed{seed}"
    scratch = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=str(out)))
    try:
        request = WorkerRequest(
            config=config,
            derived_config=str(out / "configs" / f"{stem}.yml"),
            seed=seed,
            epochs=plan.epochs,
            augmentation=plan.augmentation,
            domain=plan.domain,
            train_nlu=list(plan.train_nlu),
            test_nlu=list(plan.test_nlu),
            train_stories=list(plan.train_stories),
            test_stories=list(plan.test_stories),
            model=str(out / "models" / f"{stem}.tar.gz"),
            evaluation=str(out / "evaluation" / stem),
            scratch=str(scratch),
            response=str(scratch / "response.json"),
            options=dict(plan.options),
        )
        started = datetime.datetime.now(datetime.timezone.utc)
        load_average = machine.load_average()
        environment = worker_environment(seed, scratch, plan.threads)

        def work(phase: str) -> Tuple[Dict[str, Any], float]:
            log = out / "logs" / f"{stem}-{phase}.log"
            return run_worker(phase, request, log, environment, say, on_progress)

        trained, train_seconds = work("train")
        tested, _ = work("test")
    finally:
        shutil.rmtree(str(scratch), ignore_errors=True)
    components = {
        key: {**measured, **tested["components"].get(key, {})}
        for key, measured in trained.pop("components").items()
    }
    tested.pop("components")
    peaks = {
        "training": trained.pop("peak_rss_bytes"),
        "serving": tested.pop("peak_rss_bytes"),
    }
    return {
        "config": config,
        "name": name,
        "seed": seed,
        "epochs": plan.epochs,
        "started": started.isoformat(timespec="seconds"),
        "load_average": load_average,
        "train_process_seconds": train_seconds,
        "components": components,
        **dict.fromkeys(results.F1_SCORES),
        "conversation_accuracy": None,
        **tested,
        **trained,
        "peak_rss_bytes": peaks,
    }


def _show_failure(console: Console, error: RunFailedError) -> None:
    say(console, f"{error}. The end of {error.log}:", style="red")
    for line in error.tail():
        say(console, f"  {line}")


def _present(
    plan: Plan, runs: Sequence[results.Run], missing: Sequence[str], console: Console
) -> None:
    pictures = plots.draw(runs, plan.out) if runs else []
    content = collect(runs, plan.command, missing)
    paths = [
        write(content, plan.out, pictures)
        for write in (report.write_report, html_report.write_html)
    ]
    if runs:
        console.print(report.terminal_table(runs))
    if missing:
        say(console, f"Missing: {', '.join(missing)}.", style="red")
    say(console, f"Results: {plan.out / results.FILE_NAME}")
    say(console, f"Report:  {' and '.join(map(str, paths))}")
