"""The command `rasa-randconn warmup`."""

from __future__ import annotations

import argparse
import sys

from rasa_randconn.cli.examples import with_examples

_DESCRIPTION = """\
Compiles all kernels, so that no training and no answer has to wait for that
later. Tiny networks are trained and asked; no bot and no data are needed.

The machine code is kept in the folder that NUMBA_CACHE_DIR names, else beside
the package, else in the user's cache: in the first one that is writable. It
fits the processor that compiled it and others of its kind. Run it as the user
who will run the bot: Numba reads only from a folder that it can write to."""

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
        from rasa_randconn.warmup import code_folder, processor, unused_folder, warm_up
    except ImportError as error:
        # without Numba's compiler, the message says what to do
        return _fail(str(error))

    folder = code_folder()
    unused = unused_folder()
    if folder is None:
        return _fail(
            "no folder for machine code is writable, so every process would compile "
            "anew. Set NUMBA_CACHE_DIR to a folder that is."
            if unused is None
            else f"NUMBA_CACHE_DIR names {unused}, which is not writable, nor is any "
            f"other folder for machine code. Every process would compile anew."
        )
    if unused is not None:
        print(
            f"rasa-randconn warmup: NUMBA_CACHE_DIR names {unused}, which is not "
            f"writable; {folder.origin} is used instead.",
            file=sys.stderr,
        )
    print(f"Compiling for this processor ({processor()}) ...", flush=True)
    try:
        done = warm_up()
    except OSError as error:
        return _fail(f"the machine code cannot be written to {folder.path}: {error}")
    print(
        f"{done.kernels} kernels are ready: {done.compiled} compiled, "
        f"{done.kernels - done.compiled} kept from before; {done.seconds:.1f} seconds."
    )
    print(f"The machine code is in {folder.path} ({folder.origin}).")
    return 0


def _fail(reason: str) -> int:
    print(f"rasa-randconn warmup: {reason}", file=sys.stderr)
    return 1
