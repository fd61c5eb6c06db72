"""The one error of a swap."""

from __future__ import annotations

from typing import Optional


class SwapError(Exception):
    """A configuration cannot be swapped; the message says why and what to do.

    Attributes:
        line: Line of the file that is to blame, counted from 1, if there is one.
    """

    def __init__(self, reason: str, line: Optional[int] = None) -> None:
        super().__init__(reason)
        self.line = line
