"""The command `rasa-randconn swap`."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from pathlib import Path

from rasa_randconn.cli.examples import with_examples

_DESCRIPTION = """\
Shows how a configuration changes if DIETClassifier, ResponseSelector, TEDPolicy
and UnexpecTEDIntentPolicy are replaced by their randomly connected
counterparts, or the other way round, and what that means for the bot. Only the
lines concerned change. Nothing is written without --write."""

_EXIT_CODES = """\
exit codes:
  0  swapped, or nothing to do
  1  the file could not be written; it is as it was
  2  wrong arguments, or not a configuration that can be swapped

The diff goes to the standard output, everything else to the standard error, so
that 'rasa-randconn swap config.yml | patch -p0' works, too."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the command line.

    Args:
        commands: The commands of `rasa-randconn`.
    """
    parser = commands.add_parser(
        "swap",
        help="rewrite a configuration from stock's components to ours, or back",
        description=_DESCRIPTION,
        **with_examples(
            ("what would change", "swap config.yml"),
            ("write it", "swap config.yml --write"),
            ("back to stock's components", "swap config.yml --to stock --write"),
            after=_EXIT_CODES,
        ),
    )
    parser.add_argument("config", metavar="config.yml", help="the configuration")
    parser.add_argument(
        "--to",
        choices=["randconn", "stock"],
        default="randconn",
        help="whose components to name (default: randconn)",
    )
    parser.add_argument(
        "--write", action="store_true", help="write the change to the file"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Shows and, if asked to, writes a swapped configuration.

    Args:
        options: The parsed arguments.

    Returns:
        The exit code.
    """
    from rasa_randconn.swapping import SwapError, Target, swap
    from rasa_randconn.swapping.diff import unified_diff
    from rasa_randconn.swapping.notes import notes

    path = Path(options.config)
    target = Target(options.to)
    try:
        text = _read(path)
        swapped = swap(text, target)
    except SwapError as error:
        position = f"{path}:{error.line}" if error.line else str(path)
        return _fail(f"{position}: {error}", 2)

    if swapped.components:
        _show(unified_diff(text, swapped.text, str(path)))
    _tell("\n".join(notes(swapped, target)))
    if not swapped.components:
        return 0
    if not options.write:
        _tell("Nothing is written yet; '--write' does it.")
        return 0
    try:
        _write(path, swapped.text)
    except OSError as error:
        return _fail(f"{path} cannot be written, it is as it was: {error.strerror}", 1)
    _tell(f"{path} is written.")
    return 0


def _read(path: Path) -> str:
    from rasa_randconn.swapping import SwapError

    try:
        content = path.read_bytes()
        return content.decode("utf-8")
    except OSError as error:
        raise SwapError(f"the file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SwapError(
            "the file is not in UTF-8, which Rasa expects",
            content.count(b"\n", 0, error.start) + 1,
        ) from error


def _write(path: Path, text: str) -> None:
    from rasa_randconn.files import write_atomically

    if not os.access(path, os.W_OK):
        # Replacing the file would not ask for this right.
        raise OSError(errno.EACCES, "it is read-only")
    with write_atomically(path) as file:
        file.write(text)


def _show(diff: str) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        # As bytes, line breaks and letters reach `patch` as they are in the file.
        sys.stdout.buffer.write(diff.encode("utf-8"))
        sys.stdout.flush()
        return
    styles = {"---": "bold", "+++": "bold", "@": "cyan", "-": "red", "+": "green"}
    for line in diff.split("\n"):
        style = next((styles[start] for start in styles if line.startswith(start)), "")
        console.print(Text(line, style=style), soft_wrap=True)


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


def _fail(reason: str, exit_code: int) -> int:
    _tell(f"rasa-randconn swap: {reason}")
    return exit_code
