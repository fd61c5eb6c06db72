"""Tests the built wheel as a user would install it: newest dependencies, no checkout.

`python scripts/check_wheel.py [PYTEST ARGUMENTS]` builds the wheel, installs it into a
fresh environment with the newest dependencies that its metadata allow, and runs tests
from a folder from which the checkout cannot be imported. Everything goes to
`build/wheel`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "wheel"
TESTS = [
    "tests/connections",
    "tests/kernels",
    "tests/nn",
    "tests/keras",
    "tests/components/test_round_trip.py",
]
NEEDED_BY_TESTS = ["pytest<9", "pytest-xdist", "hypothesis"]

WHERE = """
import pathlib, numba, numpy, rasa_randconn, sys
path = pathlib.Path(rasa_randconn.__file__).resolve()
print("wheel: numba", numba.__version__, "numpy", numpy.__version__, path, flush=True)
sys.exit("site-packages" not in path.parts)
"""


def main(arguments):
    uv = find_uv()
    if FOLDER.exists():
        shutil.rmtree(str(FOLDER))
    FOLDER.mkdir(parents=True)
    # the wheel is built from the source archive, so no stale file can get into it
    run(uv, "build", "--quiet", "--out-dir", FOLDER / "dist", ROOT)
    (wheel,) = (FOLDER / "dist").glob("*.whl")
    environment = FOLDER / "venv"
    run(uv, "venv", "--quiet", "--python", sys.executable, environment)
    python = environment / "bin" / "python"
    needed = [str(wheel), *NEEDED_BY_TESTS]
    run(uv, "pip", "install", "--quiet", "--python", python, *needed)
    shutil.copytree(str(ROOT / "tests"), str(FOLDER / "tests"))
    shutil.copy(str(ROOT / "pyproject.toml"), str(FOLDER))
    run(python, "-c", WHERE)
    run(python, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", *arguments)


def find_uv():
    """uv on PATH, or where the set-up script has put it."""
    uv = shutil.which("uv") or ROOT / ".venv-bootstrap" / "bin" / "uv"
    if not Path(uv).exists():
        sys.exit("wheel: there is no uv; run `make setup` first")
    return uv


def run(*command):
    # the checkout must not be found through the environment
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [str(part) for part in command]
    subprocess.run(command, check=True, cwd=str(FOLDER), env=environment)


if __name__ == "__main__":
    try:
        main(sys.argv[1:] or TESTS)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode or 1)
