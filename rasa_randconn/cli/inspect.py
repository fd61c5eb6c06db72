"""The command `rasa-randconn inspect`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the command line.

    Args:
        commands: The commands of `rasa-randconn`.
    """
    parser = commands.add_parser(
        "inspect",
        help="show the layers of our components in a trained model",
        description="Shows every layer of the randomly connected components in a "
        "trained model. The model is read, not run.",
    )
    parser.add_argument("model", metavar="MODEL.tar.gz", help="the model archive")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Shows the layers of a model.

    Args:
        options: The parsed arguments.

    Returns:
        The exit code.
    """
    from rasa_randconn.comparison import inspection
    from rasa_randconn.comparison.console import make_console
    from rasa_randconn.comparison.errors import ComparisonError

    try:
        layers = inspection.read_layers(Path(options.model))
    except ComparisonError as error:
        print(f"rasa-randconn inspect: {error}", file=sys.stderr)
        return 1
    make_console().print(inspection.terminal_table(layers))
    return 0
