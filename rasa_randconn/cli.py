"""The command line: `rasa-randconn compare`, `sweep` and `inspect`."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import List, Optional, Sequence

from rasa_randconn.sweep import command as sweep


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

    from rasa_randconn.comparison.errors import ComparisonError

    try:
        if options.command == "inspect":
            return _inspect(options)
        if options.command == "sweep":
            return sweep.run(options)
        return _compare(options, arguments)
    except ComparisonError as error:
        print(f"rasa-randconn {options.command}: {error}", file=sys.stderr)
        return 1 if options.command == "inspect" else 2
    except KeyboardInterrupt:
        return 130


def _compare(options: argparse.Namespace, arguments: List[str]) -> int:
    from rasa_randconn.comparison.runner import Plan, compare

    return compare(
        Plan(
            configs=options.config,
            out=Path(options.out),
            seeds=options.seeds,
            epochs=options.epochs,
            augmentation=options.augmentation,
            domain=options.domain,
            train_nlu=options.train_nlu,
            test_nlu=options.test_nlu,
            train_stories=options.train_stories,
            test_stories=options.test_stories,
            overwrite=options.overwrite,
            command=shlex.join(["rasa-randconn", *arguments]),
        )
    )


def _inspect(options: argparse.Namespace) -> int:
    from rasa_randconn.comparison import inspection, report

    layers = inspection.read_layers(Path(options.model))
    report.console().print(inspection.terminal_table(layers))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rasa-randconn",
        description="Randomly connected layers for Rasa: compare, sweep and inspect "
        "models.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_compare(commands)
    sweep.add_arguments(
        commands.add_parser("sweep", help=sweep.HELP, description=sweep.DESCRIPTION)
    )
    inspect = commands.add_parser(
        "inspect",
        help="show the randomly connected layers of a trained model",
        description="Shows every randomly connected layer of a trained model. The "
        "model is read, not run.",
    )
    inspect.add_argument("model", metavar="MODEL.tar.gz", help="the model archive")
    return parser


def _add_compare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    compare = commands.add_parser(
        "compare",
        help="train and test several configurations and compare them",
        description="Trains every configuration with every seed through Rasa, tests "
        "the models with Rasa's evaluation, and writes results.json, report.md and "
        "plots. Your files are only read.",
    )
    add = compare.add_argument
    add(
        "--config",
        action="append",
        required=True,
        metavar="FILE",
        help="a configuration; repeat for more; ratios are to the first",
    )
    for option, what in (
        ("--train-nlu", "NLU data to train on"),
        ("--test-nlu", "NLU data to test on"),
        ("--train-stories", "stories and rules to train on"),
        ("--test-stories", "stories to test on"),
    ):
        add(
            option,
            nargs="+",
            action="extend",
            default=[],
            metavar="PATH",
            help=f"{what}: files or folders",
        )
    add(
        "--domain",
        metavar="PATH",
        help="the domain; needed for stories, and for response texts",
    )
    add(
        "--epochs",
        type=int,
        metavar="N",
        help="epochs of all DIET-like and TED-like components instead of those in the "
        "configurations",
    )
    add(
        "--seeds",
        type=int,
        nargs="+",
        default=[1],
        metavar="N",
        help="random seeds; every configuration is trained once with each (default: 1)",
    )
    add(
        "--augmentation",
        type=int,
        default=50,
        metavar="N",
        help="how much to augment the stories, as in 'rasa train' (default: 50)",
    )
    add(
        "--out",
        required=True,
        metavar="DIR",
        help="folder for results, report, plots, models and logs",
    )
    add(
        "--overwrite",
        action="store_true",
        help="replace the results of an earlier comparison in DIR",
    )


if __name__ == "__main__":
    sys.exit(main())
