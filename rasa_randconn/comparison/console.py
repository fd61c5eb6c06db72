"""Messages for the user at the terminal."""

from __future__ import annotations

import datetime
import os
import sys
from typing import Optional

from rich.console import Console

_FILE_WIDTH = 160


def make_console() -> Console:
    """Makes a console for the standard output.

    Returns:
        A console as wide as the terminal, or wide enough for a table where the output
        goes to a file.
    """
    if sys.stdout.isatty():
        return Console()
    width = None if "COLUMNS" in os.environ else _FILE_WIDTH
    # FORCE_COLOR gives a log file colours, but nothing in it can move
    return Console(width=width, force_interactive=False)


def say(console: Console, text: str, style: Optional[str] = None) -> None:
    """Prints a text as it is, without markup and line breaks of its own."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def clock() -> str:
    """The time of day, for messages."""
    return datetime.datetime.now().strftime("%H:%M:%S")
