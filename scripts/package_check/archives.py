"""The wheel and the source archive."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.package_check.environment import JourneyError


@dataclass(frozen=True)
class Archives:
    """What is published.

    Attributes:
        wheel: Path of the wheel.
        source: Path of the source archive.
    """

    wheel: Path
    source: Path


def build_archives(uv: str, root: Path, folder: Path) -> Archives:
    """Builds the source archive and, from it, the wheel.

    No stale file of the checkout can get into a wheel that is built this way.

    Args:
        uv: Path of uv.
        root: The checkout.
        folder: Where to put them.

    Returns:
        Their paths.

    Raises:
        JourneyError: If they cannot be built.
    """
    command = [uv, "build", "--quiet", "--out-dir", str(folder), str(root)]
    if subprocess.run(command).returncode:
        raise JourneyError("the package cannot be built")
    (wheel,) = folder.glob("*.whl")
    (source,) = folder.glob("*.tar.gz")
    return Archives(wheel, source)
