"""A training that is killed leaves what the user owns as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from data_factory import OUR_DIET, TINY_DIET, write_nlu_bot

_LONGEST_WAIT = 120


def _train(folder, log, *options):
    command = [sys.executable, "-m", "rasa", "train", "nlu", "--nlu", "nlu.yml"]
    with open(log, "wb") as output:
        return subprocess.Popen(
            [*command, "--fixed-model-name", *options],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "RASA_CACHE_DIRECTORY": str(folder / ".cache")},
        )


def _contents(folder):
    owned = ["config.yml", "nlu.yml", "models/first.tar.gz"]
    assert [path.name for path in (folder / "models").iterdir()] == ["first.tar.gz"]
    return [(folder / name).read_bytes() for name in owned]


@pytest.fixture
def bot(tmp_path):
    def write(epochs):
        return write_nlu_bot(
            tmp_path / "bot", {"name": OUR_DIET, **TINY_DIET, "epochs": epochs}
        )

    return write


def test_killing_a_training_changes_nothing_and_the_next_one_works(bot, tmp_path):
    log = tmp_path / "log"
    folder = bot(epochs=1)
    assert _train(folder, log, "first").wait() == 0, log.read_text()

    bot(epochs=10**6)
    before = _contents(folder)
    training = _train(folder, log, "second")
    end = time.monotonic() + _LONGEST_WAIT
    while b"i_acc=" not in log.read_bytes() and time.monotonic() < end:
        assert training.poll() is None, log.read_text()
        time.sleep(0.2)
    training.send_signal(signal.SIGKILL)
    training.wait()
    assert _contents(folder) == before

    bot(epochs=1)
    assert _train(folder, log, "third").wait() == 0, log.read_text()
    assert (folder / "models" / "third.tar.gz").is_file()
