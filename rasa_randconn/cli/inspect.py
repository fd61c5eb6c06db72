"""The command `rasa-randconn inspect`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rasa_randconn.cli.examples import with_examples

if TYPE_CHECKING:
    from rich.console import Console

_DESCRIPTION = """\
Shows every layer of the randomly connected components in a trained model, with
sums for each component and for the model. The model is read, not run."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the command line.

    Args:
        commands: The commands of `rasa-randconn`.
    """
    parser = commands.add_parser(
        "inspect",
        help="show the layers of a trained model, with sums",
        description=_DESCRIPTION,
        **with_examples(
            ("the layers of a model", "inspect models/MODEL.tar.gz"),
            (
                "the size of all components in bytes, with jq",
                "inspect models/MODEL.tar.gz --json | jq .all.bytes",
            ),
        ),
    )
    parser.add_argument("model", metavar="MODEL.tar.gz", help="the model archive")
    parser.add_argument(
        "--json", action="store_true", help="write JSON to the standard output"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Shows the layers of a model.

    Args:
        options: The parsed arguments.

    Returns:
        The exit code: 0; 1 if the file cannot be read as a model with a component of
        this package.
    """
    from rasa_randconn.inspection import InspectionError, read_components
    from rasa_randconn.inspection.as_json import model_as_json
    from rasa_randconn.inspection.table import model_table

    try:
        components = read_components(Path(options.model))
    except InspectionError as error:
        print(f"rasa-randconn inspect: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(model_as_json(components), indent=2))
    else:
        _console().print(model_table(components))
    return 0


def _console() -> Console:
    from rich.console import Console

    from rasa_randconn.inspection.table import WIDTH

    found = Console()
    if found.is_terminal or "COLUMNS" in os.environ:
        return found
    return Console(width=WIDTH)
