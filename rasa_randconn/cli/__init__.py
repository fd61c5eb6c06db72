"""The command line, `rasa-randconn`: one module for every command."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Optional, Sequence

from rasa_randconn.cli import compare, inspect, swap, sweep


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs the command line.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code: 0; 1 if something failed; 2 for wrong arguments; 130 if the user
        interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 2

    options.command_line = shlex.join(["rasa-randconn", *arguments])
    try:
        exit_code: int = options.run(options)
        return exit_code
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rasa-randconn",
        description="Randomly connected layers for Rasa: tools for models and "
        "configurations.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    compare.add_parser(commands)
    inspect.add_parser(commands)
    swap.add_parser(commands)
    sweep.add_parser(commands)
    return parser
