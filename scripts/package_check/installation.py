"""Installing the package beside Rasa: nothing that was there may change."""

from pathlib import Path
from typing import Dict, List

from scripts.package_check.environment import Environment, JourneyError

#: The oldest Rasa that the package runs on, which is also the newest there is.
RASA = "rasa==3.6.21"
NAME = "rasa-randconn"

_WHERE = """
import pathlib, rasa_randconn
from importlib.metadata import version
path = pathlib.Path(rasa_randconn.__file__).resolve()
assert "site-packages" in path.parts, f"imported from {path}"
assert version("rasa-randconn") == rasa_randconn.__version__
print(rasa_randconn.__version__)
"""


def install_beside_rasa(
    environment: Environment, archive: Path, extra: str = ""
) -> None:
    """Installs an archive into an environment that has Rasa.

    Args:
        environment: The environment.
        archive: The wheel or the source archive.
        extra: An extra of the package to install with it.

    Raises:
        JourneyError: If a package changed its version, or if what was installed does
            not say its own.
    """
    before = environment.versions()
    if f"rasa=={before.get('rasa')}" != RASA:
        raise JourneyError(f"{RASA} was asked for, and is not installed")
    extras = f"[{extra}]" if extra else ""
    environment.install(f"{NAME}{extras} @ {archive.as_uri()}")
    after = environment.versions()
    changes = changed_versions(before, after)
    if changes:
        lines = "\n".join(f"  {change}" for change in changes)
        raise JourneyError(f"{archive.name} changed what was installed:\n{lines}")
    added = sorted(set(after) - set(before))
    say(f"{archive.name}{extras}: {len(before)} packages kept, {len(added)} added:")
    for name in added:
        say(f"  + {name} {after[name]}")
    check_version(environment)


def changed_versions(before: Dict[str, str], after: Dict[str, str]) -> List[str]:
    """Says what an installation changed.

    Args:
        before: The versions of all packages before it.
        after: Those after it.

    Returns:
        A line for every package whose version changed, or which is gone.
    """
    return [
        f"{name} {version} -> {after.get(name, 'removed')}"
        for name, version in sorted(before.items())
        if after.get(name) != version
    ]


def check_version(environment: Environment) -> None:
    """Checks that the installed package is used and says its version.

    Args:
        environment: The environment that has it.

    Raises:
        JourneyError: If the command line says another version.
    """
    folder = environment.folder.parent
    version = environment.run("python", "-c", _WHERE, folder=folder).strip()
    said = environment.run("rasa-randconn", "--version", folder=folder)
    if version not in said.split():
        raise JourneyError(f"`rasa-randconn --version` says {said!r}, not {version}")
    say(f"rasa-randconn --version: {said.strip()}")


def say(message: str) -> None:
    """Prints a line of the check's report."""
    print(f"wheel: {message}", flush=True)
