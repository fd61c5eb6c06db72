"""Messages for the user at the terminal."""

from __future__ import annotations

import datetime
import os
from typing import Optional

from rich.console import Console

_FILE_WIDTH = 160


def make_console() -> Console:
    """Makes a console for the standard output.

    Returns:
        A console as wide as the terminal, or wide enough for a table where the output
        goes to a file.
    """
    found = Console()
    if found.is_terminal or "COLUMNS" in os.environ:
        return found
    return Console(width=_FILE_WIDTH)


def say(console: Console, text: str, style: Optional[str] = None) -> None:
    """Prints a text as it is, without markup and line breaks of its own."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def clock() -> str:
    """The time of day, for messages."""
    return datetime.datetime.now().strftime("%H:%M:%S")
