from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rasa_randconn.kernels.all_kernels import all_kernels

TESTS = Path(__file__).parents[1]

# Says what is ready after a warm-up, and which large packages it has imported.
WARM_UP = """
import json, sys
from rasa_randconn.kernels.all_kernels import all_kernels
from rasa_randconn.warmup import warm_up
done = warm_up()
used = [kernel.name for kernel in all_kernels() if kernel.is_ready]
imported = sorted({"rasa", "tensorflow"} & set(sys.modules))
print(json.dumps({**done._asdict(), "used": used, "imported": imported}))
"""


def last_line(arguments, **variables):
    found = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(TESTS), **variables},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr[-3000:]
    return json.loads(found.stdout.splitlines()[-1])


def test_every_kernel_is_ready_without_rasa_and_tensorflow():
    found = last_line(["-c", WARM_UP])
    kernels = {kernel.name for kernel in all_kernels()}
    assert len(kernels) > 20
    assert kernels == set(found["used"])
    assert found["kernels"] == len(kernels)
    assert found["imported"] == []


@pytest.mark.slow
def test_a_new_process_compiles_nothing_after_a_warm_up(tmp_path):
    cache = str(tmp_path / "kernels")
    folder = tmp_path / "work"
    folder.mkdir()
    first = last_line(["-c", WARM_UP], NUMBA_CACHE_DIR=cache)
    again = last_line(["-c", WARM_UP], NUMBA_CACHE_DIR=cache)
    script = str(Path(__file__).with_name("first_use.py"))
    use = last_line([script, str(folder)], NUMBA_CACHE_DIR=cache)

    assert first["compiled"] == first["kernels"]
    assert again["compiled"] == 0
    assert use["compiled"] == []
    assert use["loaded"] > 20
