"""A fresh virtual environment from which the checkout cannot be imported."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, Union

#: Settings of Rasa and TensorFlow that keep a run quiet and off the network.
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "MPLBACKEND": "Agg",
}

# Lines of a failed command's output that are shown.
_SHOWN = 40


class JourneyError(Exception):
    """What did not hold."""


class CommandError(Exception):
    """Which command failed, and the end of what it printed."""


class Environment:
    """A virtual environment that uv made, with nothing in it."""

    def __init__(self, uv: str, folder: Path) -> None:
        """Makes the environment.

        Args:
            uv: Path of uv.
            folder: Where to make it.
        """
        self._uv = uv
        self.folder = folder
        self._execute(uv, "venv", "--quiet", "--python", sys.executable, folder)

    def install(self, *requirements: Union[str, Path]) -> None:
        """Installs packages by name, or archives by path, held to no constraints."""
        python = self.folder / "bin" / "python"
        self._execute(
            self._uv, "pip", "install", "--quiet", "--python", python, *requirements
        )

    def versions(self) -> Dict[str, str]:
        """What `pip freeze` prints: the version, or the place, of every package."""
        python = self.folder / "bin" / "python"
        printed = self._execute(self._uv, "pip", "freeze", "--python", python)
        return parse_freeze(printed)

    def run(self, command: str, *arguments: Union[str, Path], folder: Path) -> str:
        """Runs a command of the environment.

        Args:
            command: Its name, such as `rasa`.
            arguments: Its arguments.
            folder: The folder to run it in.

        Returns:
            What it printed to the standard output.

        Raises:
            CommandError: If its exit status is not 0.
        """
        path = self.folder / "bin" / command
        return self._execute(path, *arguments, folder=folder)

    def show(self, command: str, *arguments: Union[str, Path], folder: Path) -> None:
        """Runs a command of the environment like `run`; its output is seen at once."""
        words = [str(self.folder / "bin" / command), *map(str, arguments)]
        if subprocess.run(words, cwd=str(folder), env=_variables()).returncode:
            raise CommandError(f"this failed: {' '.join(words)}")

    def _execute(self, *command: Union[str, Path], folder: Path = Path("/")) -> str:
        words = [str(word) for word in command]
        done = subprocess.run(
            words,
            cwd=str(folder),
            env=_variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        if done.returncode:
            end = "\n".join((done.stdout + done.stderr).splitlines()[-_SHOWN:])
            raise CommandError(f"this failed: {' '.join(words)}\n{end}")
        return done.stdout


def _variables() -> Dict[str, str]:
    """The environment variables of a command."""
    # the checkout must not be found through them
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**kept, **QUIET}


def parse_freeze(printed: str) -> Dict[str, str]:
    """Reads the output of `pip freeze`.

    Args:
        printed: Lines such as `numpy==1.23.5` or `name @ file:///...`.

    Returns:
        The version, or the place, of every package.
    """
    versions = {}
    for line in printed.splitlines():
        separator = " @ " if " @ " in line else "=="
        name, _, version = line.strip().partition(separator)
        versions[name] = version
    return versions


def find_uv(root: Path) -> str:
    """Finds uv on PATH, or where the set-up script has put it.

    Args:
        root: The checkout.

    Returns:
        Its path.

    Raises:
        JourneyError: If there is none.
    """
    uv = shutil.which("uv") or str(root / ".venv-bootstrap" / "bin" / "uv")
    if not Path(uv).exists():
        raise JourneyError("there is no uv; run `make setup` first")
    return uv
