"""The command line, `rasa-randconn`: one module for every command."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from typing import Optional, Sequence

from rasa_randconn.cli import compare, inspect, swap, sweep, warmup
from rasa_randconn.cli.examples import with_examples
from rasa_randconn.cli.versions import versions

_SWAP = "swap config.yml --write"
_COMPARE = (
    "compare --config config.stock.yml --config config.yml \\\n"
    "    --train-nlu data/nlu.yml --test-nlu tests/test_nlu.yml --out results"
)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs the command line.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code: 0; 1 if something failed; 2 for wrong arguments; 130 if the user
        interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 2

    options.command_line = shlex.join(["rasa-randconn", *arguments])
    try:
        exit_code: int = options.run(options)
        sys.stdout.flush()
        return exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # who reads the output, such as `head`, has read enough; nor can Python flush it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def make_parser() -> argparse.ArgumentParser:
    """Makes the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="rasa-randconn",
        description="Tools for randomly connected layers in Rasa: configurations, "
        "models, kernels.",
        **with_examples(
            ("change a configuration to randomly connected components", _SWAP),
            ("compare both on your own data", _COMPARE),
            ("what a trained model consists of", "inspect models/MODEL.tar.gz"),
            after="'rasa-randconn COMMAND --help' explains a command.",
        ),
    )
    parser.add_argument(
        "--version",
        action=_Version,
        nargs=0,
        help="show the versions of this package, Rasa, Python and Numba",
    )
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND"
    )
    swap.add_parser(commands)
    compare.add_parser(commands)
    sweep.add_parser(commands)
    inspect.add_parser(commands)
    warmup.add_parser(commands)
    return parser


class _Version(argparse.Action):
    """Looks versions up only if they are asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *others: object) -> None:
        print(versions())
        parser.exit()
