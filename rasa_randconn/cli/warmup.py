"""The command `rasa-randconn warmup`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Iterable, Sequence

from rasa_randconn.cli.examples import with_examples

if TYPE_CHECKING:
    from rasa_randconn.kernels.kernel import Kernel

_DESCRIPTION = """\
Compiles all kernels, so that no training and no answer has to wait for that
later. Tiny networks are trained and asked; no bot and no data are needed.

The machine code is kept in the folder that NUMBA_CACHE_DIR names, else beside
the package, else in the user's cache: in the first one that is writable. It
fits the processor that compiled it and others of its kind. Processes read it
from a folder that they cannot write to as well."""

_EXIT_CODES = """\
exit codes:
  0  all kernels are compiled and kept
  1  the machine code cannot be kept: no folder is writable, or the disk is full"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the command line.

    Args:
        commands: The commands of `rasa-randconn`.
    """
    parser = commands.add_parser(
        "warmup",
        help="compile all kernels now, so that the first answer is quick",
        description=_DESCRIPTION,
        **with_examples(
            ("after the installation", "warmup"),
            after=f"""\
  # in a Dockerfile
  ENV NUMBA_CACHE_DIR=/opt/kernels
  RUN rasa-randconn warmup

{_EXIT_CODES}""",
        ),
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compiles all kernels.

    Args:
        options: The parsed arguments.

    Returns:
        The exit code: 0; 1 if the machine code cannot be kept.
    """
    try:
        from rasa_randconn.kernels.machine_code import (
            named_folder,
            processor,
            writable_folder,
        )
        from rasa_randconn.warmup import warm_up
    except ImportError as error:
        # without Numba's compiler, the message says what to do
        return _fail(str(error))

    folder = writable_folder()
    named = named_folder()
    if folder is None:
        return _fail(
            "no folder for machine code is writable, so every process would compile "
            "anew. Set NUMBA_CACHE_DIR to a folder that is."
            if named is None
            else f"NUMBA_CACHE_DIR names {named}, which is not writable, nor is any "
            f"other folder for machine code. Every process would compile anew."
        )
    if named is not None and named not in folder.path.parents:
        print(
            f"rasa-randconn warmup: NUMBA_CACHE_DIR names {named}, which is not "
            f"writable; {folder.origin} is used instead.",
            file=sys.stderr,
        )
    print(f"Compiling for this processor ({processor()}) ...", flush=True)
    try:
        done = warm_up(_tracked)
    except OSError as error:
        return _fail(f"the machine code cannot be written to {folder.path}: {error}")
    print(
        f"{done.kernels} kernels are ready: {done.compiled} compiled, "
        f"{done.kernels - done.compiled} kept from before; {done.seconds:.1f} seconds."
    )
    print(f"The machine code is in {folder.path} ({folder.origin}).")
    return 0


def _tracked(kernels: Sequence[Kernel]) -> Iterable[Kernel]:
    """Kernels with a progress bar, if the output is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    if not console.is_terminal:
        return kernels
    return track(kernels, "", console=console, transient=True)


def _fail(reason: str) -> int:
    print(f"rasa-randconn warmup: {reason}", file=sys.stderr)
    return 1
