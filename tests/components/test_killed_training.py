"""A training that is killed leaves what the user owns as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from data_factory import STORIES, write_bot

pytestmark = pytest.mark.slow

_LONGEST_WAIT = 120

_NLU = ["nlu", "--nlu", "data/nlu.yml"]
_CORE = ["core", "--stories", "data/stories.yml", "--domain", "domain.yml"]


def _train(folder, log, part, name):
    command = [sys.executable, "-m", "rasa", "train", *part]
    with open(log, "wb") as output:
        return subprocess.Popen(
            [*command, "--fixed-model-name", name],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "RASA_CACHE_DIRECTORY": str(folder / ".cache")},
        )


def _contents(folder):
    owned = ["config.yml", "domain.yml", "data/nlu.yml", "data/stories.yml"]
    assert [path.name for path in (folder / "models").iterdir()] == ["first.tar.gz"]
    return [(folder / name).read_bytes() for name in (*owned, "models/first.tar.gz")]


@pytest.mark.parametrize(
    "part, progress", [(_NLU, b"i_acc="), (_CORE, b" acc=")], ids=["NLU", "policies"]
)
def test_killing_a_training_changes_nothing_and_the_next_one_works(
    part, progress, tmp_path
):
    def bot(epochs):
        options = {"epochs": epochs}
        return write_bot(
            tmp_path / "bot",
            diet_options=options,
            ted_options=options,
            stories=STORIES,
        )

    log = tmp_path / "log"
    folder = bot(epochs=1)
    assert _train(folder, log, part, "first").wait() == 0, log.read_text()

    bot(epochs=10**6)
    before = _contents(folder)
    training = _train(folder, log, part, "second")
    end = time.monotonic() + _LONGEST_WAIT
    while progress not in log.read_bytes() and time.monotonic() < end:
        assert training.poll() is None, log.read_text()
        time.sleep(0.2)
    assert progress in log.read_bytes(), log.read_text()
    training.send_signal(signal.SIGKILL)
    training.wait()
    assert _contents(folder) == before

    bot(epochs=1)
    assert _train(folder, log, part, "third").wait() == 0, log.read_text()
    assert (folder / "models" / "third.tar.gz").is_file()
