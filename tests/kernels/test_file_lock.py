from __future__ import annotations

import subprocess
import sys
import time

import portalocker
import pytest

from rasa_randconn.kernels import file_lock
from rasa_randconn.kernels.file_lock import locked

# Holds a lock for a moment, and writes a line when it has it and before it ends.
HOLD = """
import sys, time
from pathlib import Path
from rasa_randconn.kernels.file_lock import locked
with locked(Path(sys.argv[1])):
    print("has", flush=True)
    time.sleep(1)
    print("ends", time.time(), flush=True)
"""


@pytest.fixture(autouse=True)
def file_system_with_locks(monkeypatch):
    monkeypatch.setattr(file_lock._FileSystem, "has_locks", True)


def test_a_process_waits_for_the_one_that_has_the_lock(tmp_path):
    path = tmp_path / "kernel.lock"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "has\n"
    with locked(path):
        now = time.time()
    end = float(process.communicate()[0].split()[1])
    assert now >= end


def test_a_lock_can_be_taken_again(tmp_path):
    for _ in range(2):
        with locked(tmp_path / "kernel.lock"):
            pass
    assert file_lock._FileSystem.has_locks


def test_an_error_releases_the_lock(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "kernel.lock"):
        raise ZeroDivisionError
    with locked(tmp_path / "kernel.lock"):
        pass
    assert file_lock._FileSystem.has_locks


def test_without_locks_it_waits_once_and_then_goes_on(tmp_path, monkeypatch):
    tries = []

    def fail(lock):
        tries.append(lock)
        raise portalocker.LockException("No locks available")

    monkeypatch.setattr(portalocker.Lock, "acquire", fail)
    done = 0
    for _ in range(2):
        with locked(tmp_path / "kernel.lock"):
            done += 1
    assert (done, len(tries)) == (2, 1)


def test_a_folder_that_is_gone_stops_nobody(tmp_path):
    with locked(tmp_path / "gone" / "kernel.lock"):
        pass
