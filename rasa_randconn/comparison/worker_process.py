"""Worker processes: how they are started, watched and ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

from rasa_randconn.comparison.training_progress import (
    FILE_NAME,
    TrainingProgress,
    last_note,
)
from rasa_randconn.comparison.worker import Request

_THREADS = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_INTRA_OP_PARALLELISM_THREADS",
    "TF_INTER_OP_PARALLELISM_THREADS",
)
#: The worker of every phase.
_MODULES = {
    "check": "check_worker",
    "train": "train_worker",
    "test": "evaluation_worker",
}
_TAIL_LINES = 25
_SECONDS_TO_END = 10.0
_POLL_SECONDS = 0.5


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


def run_worker(
    phase: str,
    request: Request,
    log: Path,
    environment: Mapping[str, str],
    say: Callable[[str], None],
    on_progress: Callable[[Optional[TrainingProgress]], None] = lambda progress: None,
) -> Tuple[Dict[str, Any], float]:
    """Carries out one phase of a run, and waits for it.

    Args:
        phase: `check`, `train` or `test`.
        request: What the worker is to do.
        log: Output: everything that it prints.
        environment: Its environment variables.
        say: Told what begins and what has ended.
        on_progress: Told twice a second how far the training is; `None` where there is
            no training, or before its first epoch. If it raises, the process and all
            that it started are ended.

    Returns:
        What the worker measured, and the seconds from its start to its end.

    Raises:
        RunFailedError: If it failed.
    """
    say(f"{phase}ing")
    scratch = Path(request.scratch)
    response = Path(request.response)
    notes = scratch / FILE_NAME
    for left_behind in (response, notes):
        if left_behind.exists():
            left_behind.unlink()
    path = scratch / "request.json"
    request.write(path)
    module = f"rasa_randconn.comparison.{_MODULES[phase]}"
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
            code = _wait(process, lambda: on_progress(last_note(notes)))
        finally:
            _end(process)
    seconds = time.monotonic() - started
    if code != 0 or not response.exists():
        raise RunFailedError(f"{phase}ing", code, log)
    say(f"{phase}ed in {seconds:.1f} s")
    return json.loads(response.read_text(encoding="utf-8")), seconds


def _wait(process: subprocess.Popen[bytes], meanwhile: Callable[[], None]) -> int:
    while True:
        try:
            return process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            meanwhile()


def worker_environment(
    seed: int, scratch: Path, threads: Optional[int]
) -> Dict[str, str]:
    """The environment variables of a worker, with Rasa's cache off.

    Args:
        seed: Seed of Python's hashes.
        scratch: Folder for temporary files.
        threads: Threads that it may use; `None` for all cores.
    """
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
