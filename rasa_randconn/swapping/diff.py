"""The difference of two texts, as `patch` understands it."""

from __future__ import annotations

import difflib
import io
from typing import List


def unified_diff(old: str, new: str, name: str) -> str:
    """Compares two versions of a file.

    Args:
        old: The text before.
        new: The text afterwards.
        name: The file's name, for the head of the diff.

    Returns:
        A unified diff; empty if the texts are equal.
    """
    lines = difflib.unified_diff(_lines(old), _lines(new), name, name)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in lines
    )


def _lines(text: str) -> List[str]:
    # str.splitlines also splits at characters that are no line breaks for `patch`.
    return io.StringIO(text, newline="\n").readlines()
