"""The commit that this package was measured at."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Optional

_PACKAGE = Path(__file__).resolve().parent.parent
_SECONDS = 10.0


def commit(folder: Path = _PACKAGE) -> Optional[str]:
    """Finds the commit of a folder that lies in a git checkout.

    Args:
        folder: The folder; that of this package by default.

    Returns:
        The full hash, with `-dirty` behind it if a file of the checkout has changed
        since; `None` if the folder does not belong to a checkout, or git is missing.
    """
    # an environment may lie in the checkout of another project, which ignores it
    if not _git(folder, "ls-files", "."):
        return None
    return _git(folder, "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")


def _git(folder: Path, *arguments: str) -> Optional[str]:
    try:
        process = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            # in a hook these name the repository of the hook
            env={k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return process.stdout.strip() or None if process.returncode == 0 else None
