"""Trains and tests every configuration with every seed, one process at a time."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
)

from rich.console import Console

from rasa_randconn.comparison import configuration, machine, plots, report, results
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.worker import Orders

INTERRUPTED = 130
FAILED = 1

_FOLDERS = ("configs", "evaluation", "logs", "models", plots.FOLDER)
_FILES = (results.FILE_NAME, report.FILE_NAME)
_THREADS = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_INTRA_OP_PARALLELISM_THREADS",
    "TF_INTER_OP_PARALLELISM_THREADS",
)
_TAIL_LINES = 25
_SECONDS_TO_END = 10.0


@dataclass(frozen=True)
class Plan:
    """What is to be compared."""

    configs: Sequence[str]
    out: Path
    seeds: Sequence[int] = (1,)
    epochs: Optional[int] = None
    augmentation: int = 50
    domain: Optional[str] = None
    train_nlu: Sequence[str] = ()
    test_nlu: Sequence[str] = ()
    train_stories: Sequence[str] = ()
    test_stories: Sequence[str] = ()
    overwrite: bool = False
    command: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options to set in the components of DIET's and TED's kind that have them."""
    threads: Optional[int] = None
    """Threads that one training or test may use; `None` for all cores."""

    def check(self) -> None:
        """Checks the plan as far as that is possible without Rasa.

        Raises:
            ComparisonError: If something is missing or contradictory.
        """
        _check_pair("--train-nlu", self.train_nlu, "--test-nlu", self.test_nlu)
        _check_pair(
            "--train-stories", self.train_stories, "--test-stories", self.test_stories
        )
        if not self.train_nlu and not self.train_stories:
            raise ComparisonError(
                "There is nothing to train on: give --train-nlu with --test-nlu, or "
                "--domain with --train-stories and --test-stories, or both."
            )
        if self.train_stories and self.domain is None:
            raise ComparisonError("Stories need a domain: give --domain.")
        if len(set(self.seeds)) != len(self.seeds):
            raise ComparisonError("Every seed may be given only once.")
        if min(self.seeds) < 0:
            raise ComparisonError("Seeds must not be negative.")
        if self.epochs is not None and self.epochs < 1:
            raise ComparisonError("--epochs must be at least 1.")
        if self.augmentation < 0:
            raise ComparisonError("--augmentation must not be negative.")
        data = [*self.train_nlu, *self.test_nlu]
        data += [*self.train_stories, *self.test_stories]
        for path in [*data, *([self.domain] if self.domain is not None else [])]:
            if not Path(path).exists():
                raise ComparisonError(f"There is no file or folder '{path}'.")
        for config in self.configs:
            configuration.check_config(
                config, bool(self.train_nlu), bool(self.train_stories)
            )


class RunFailedError(Exception):
    """A worker process failed."""

    def __init__(self, phase: str, code: int, log: Path) -> None:
        super().__init__(f"{phase} failed with exit code {code}")
        self.log = log

    def tail(self) -> List[str]:
        """Reads the last lines of the log.

        Returns:
            The lines.
        """
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return text.splitlines()[-_TAIL_LINES:]


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
    console = console or report.console()
    plan.check()
    _prepare(plan)
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
    description = machine.describe()
    with terminate_as_interrupt():
        try:
            while pending:
                name, config, seed = pending[0]
                position = total - len(pending) + 1
                progress = _Progress(
                    console, f"[{position}/{total}] {name}, seed {seed}"
                )
                try:
                    run = run_once(plan, name, config, seed, progress.say)
                except RunFailedError as error:
                    failed.append(_title(name, seed))
                    _show_failure(console, error)
                else:
                    run["machine"] = description
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


def _check_pair(
    train: str, train_paths: Sequence[str], test: str, test_paths: Sequence[str]
) -> None:
    if train_paths and not test_paths:
        raise ComparisonError(f"{train} needs {test} to test on.")
    if test_paths and not train_paths:
        raise ComparisonError(f"{test} needs {train} to train on.")


def _prepare(plan: Plan) -> None:
    out = plan.out
    if out.exists() and not out.is_dir():
        raise ComparisonError(f"'{out}' is a file, not a folder.")
    existing = [name for name in (*_FOLDERS, *_FILES) if (out / name).exists()]
    if existing:
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
        for name in existing:
            path = out / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(str(path))
            else:
                path.unlink()
    results.write([], out / results.FILE_NAME)
    for name in ("configs", "evaluation", "logs", "models"):
        (out / name).mkdir(parents=True, exist_ok=True)


def _title(name: str, seed: int) -> str:
    return f"{name} with seed {seed}"


class _Progress:
    """Prints a line when a phase of a run begins and when it ends."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title

    def say(self, text: str) -> None:
        clock = datetime.datetime.now().strftime("%H:%M:%S")
        _print(self._console, f"{clock} {self._title}: {text}")


def run_once(
    plan: Plan,
    name: str,
    config: str,
    seed: int,
    say: Callable[[str], None],
    wait: Callable[[subprocess.Popen[bytes]], int] = lambda process: process.wait(),
) -> results.Run:
    """Trains and tests one configuration with one seed.

    Args:
        plan: The data to train and test on, and the folder for all files.
        name: Short name of the configuration, for file names.
        config: The configuration's file.
        seed: The random seed.
        say: Told what begins and what has ended.
        wait: Waits for a training or test and returns its exit code. If it raises,
            that process and all that it started are ended.

    Returns:
        What was measured.

    Raises:
        RunFailedError: If the training or the test failed.
    """
    out = plan.out.resolve()
    stem = f"{name}-seed{seed}"
    scratch = Path(tempfile.mkdtemp(prefix=".work-", dir=str(out)))
    try:
        orders = Orders(
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
            answer=str(scratch / "answer.json"),
            options=dict(plan.options),
        )
        started = datetime.datetime.now(datetime.timezone.utc)
        load_average = machine.load_average()
        environment = _environment(seed, scratch, plan.threads)

        def work(phase: str) -> Tuple[Dict[str, Any], float]:
            log = out / "logs" / f"{stem}-{phase}.log"
            return _work(phase, orders, log, environment, say, wait)

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
        **{score: None for score in ("intent_f1", "entity_f1", "action_f1")},
        "conversation_accuracy": None,
        **tested,
        **trained,
        "peak_rss_bytes": peaks,
    }


def _work(
    phase: str,
    orders: Orders,
    log: Path,
    environment: Mapping[str, str],
    say: Callable[[str], None],
    wait: Callable[[subprocess.Popen[bytes]], int],
) -> Tuple[Dict[str, Any], float]:
    say(f"{phase}ing")
    scratch = Path(orders.scratch)
    answer = Path(orders.answer)
    if answer.exists():
        answer.unlink()
    path = scratch / "orders.json"
    orders.write(path)
    module = f"rasa_randconn.comparison.{phase}_worker"
    started = time.monotonic()
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(path)],
            # never written to: it tells the worker that this process still lives
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
        try:
            code = wait(process)
        finally:
            _end(process)
    seconds = time.monotonic() - started
    if code != 0 or not answer.exists():
        raise RunFailedError(f"{phase}ing", code, log)
    say(f"{phase}ed in {seconds:.1f} s")
    return json.loads(answer.read_text(encoding="utf-8")), seconds


def _environment(seed: int, scratch: Path, threads: Optional[int]) -> Dict[str, str]:
    temporary = scratch / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "RASA_CACHE_DIRECTORY": str(scratch / "cache"),
        "RASA_MAX_CACHE_SIZE": "0",
        "RASA_TELEMETRY_ENABLED": "false",
        "TMPDIR": str(temporary),
        "PYTHONHASHSEED": str(seed % 2**32),
        "PYTHONUNBUFFERED": "1",
    }
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if threads is not None:
        environment.update(dict.fromkeys(_THREADS, str(threads)))
    root = Path(__file__).resolve().parent.parent.parent
    if root.name not in ("site-packages", "dist-packages"):
        paths = [str(root), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a worker and all that it started, if it still runs."""
    try:
        _stop(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        _signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_SECONDS_TO_END)
        _signal_group(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


@contextlib.contextmanager
def terminate_as_interrupt() -> Iterator[None]:
    """Treats a request to terminate as Ctrl-C, so that no worker is left behind.

    Yields:
        Nothing; in the block, SIGTERM and SIGINT raise `KeyboardInterrupt`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    # A shell that starts a command in the background lets it ignore Ctrl-C.
    before_interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, before_interrupt)


def _show_failure(console: Console, error: RunFailedError) -> None:
    _print(console, f"{error}. The end of {error.log}:", style="red")
    for line in error.tail():
        _print(console, f"  {line}")


def _print(console: Console, text: str, style: Optional[str] = None) -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _present(
    plan: Plan, runs: Sequence[results.Run], missing: Sequence[str], console: Console
) -> None:
    pictures = plots.draw(runs, plan.out) if runs else []
    path = report.write_report(runs, plan.out, plan.command, pictures, missing)
    if runs:
        console.print(report.terminal_table(runs))
    if missing:
        _print(console, f"Missing: {', '.join(missing)}.", style="red")
    _print(console, f"Results: {plan.out / results.FILE_NAME}")
    _print(console, f"Report:  {path}")
