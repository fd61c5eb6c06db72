"""Examples at the end of a command's help."""

from __future__ import annotations

import argparse
from shutil import get_terminal_size
from typing import Any, Dict, Tuple

#: Columns that help may take; the standard of terminals.
WIDTH = 80


def with_examples(*examples: Tuple[str, str], after: str = "") -> Dict[str, Any]:
    """Arguments of a parser that ends its help with examples.

    Args:
        *examples: What a command does, and the command after `rasa-randconn`.
        after: What follows them.

    Returns:
        Arguments of `argparse.ArgumentParser`, with which texts keep their lines.
    """
    lines = ["examples:"]
    for purpose, command in examples:
        lines += [f"  # {purpose}", f"  rasa-randconn {command}"]
    text = "\n".join(lines)
    return {
        "epilog": f"{text}\n\n{after}" if after else text,
        "formatter_class": _HelpFormatter,
    }


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of texts, and uses no more columns than `WIDTH`."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=min(WIDTH, get_terminal_size().columns) - 2)
