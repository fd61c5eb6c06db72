"""The tests that depend most on other packages, with the newest versions of them."""

import shutil
import time
from pathlib import Path
from typing import List

from scripts.package_check.environment import Environment, JourneyError
from scripts.package_check.installation import changed_versions, say

TESTS = [
    "tests/connections",
    "tests/kernels",
    "tests/nn",
    "tests/keras",
    "tests/components/test_round_trip.py",
]
NEEDED_BY_TESTS = ["pytest<9", "pytest-xdist", "hypothesis"]


def run_tests(
    environment: Environment, root: Path, folder: Path, arguments: List[str]
) -> None:
    """Runs tests against the installed package.

    Args:
        environment: The environment that has it.
        root: The checkout, from which the tests are copied.
        folder: The folder to run them in.
        arguments: Arguments of pytest; the usual selection if there are none.

    Raises:
        CommandError: If a test failed.
        JourneyError: If the tests' own needs changed a version.
    """
    before = environment.versions()
    environment.install(*NEEDED_BY_TESTS)
    changes = changed_versions(before, environment.versions())
    if changes:
        raise JourneyError(f"what the tests need changed {', '.join(changes)}")
    folder.mkdir()
    shutil.copytree(str(root / "tests"), str(folder / "tests"))
    shutil.copy(str(root / "pyproject.toml"), str(folder))
    start = time.monotonic()
    options = ["-q", "-n", "2", "--dist", "loadfile", *(arguments or TESTS)]
    say(f"tests with numba {before['numba']}, numpy {before['numpy']}")
    environment.show("python", "-m", "pytest", *options, folder=folder)
    say(f"tests: {time.monotonic() - start:.0f} s")
