"""The command `rasa-randconn compare`."""

from __future__ import annotations

import argparse
import sys

from rasa_randconn.cli.data_arguments import add_data_arguments, plan
from rasa_randconn.cli.examples import with_examples

_DESCRIPTION = """\
Trains every configuration with every seed through Rasa, tests the models with
Rasa's evaluation, and writes results.json, report.html, report.md and plots.
Your files are only read.
"""

_NLU = r"""compare --config config.stock.yml --config config.yml \
    --train-nlu data/nlu.yml --split 0.8 --out comparison"""

_WHOLE_BOT = r"""compare --config config.stock.yml --config config.yml \
    --train-nlu data/nlu.yml --test-nlu tests/test_nlu.yml \
    --domain domain.yml --train-stories data/stories.yml data/rules.yml \
    --test-stories tests/test_stories.yml --seeds 1 2 3 --out comparison"""

_QUICK = r"""compare --config config.stock.yml --config config.yml \
    --train-nlu data/nlu.yml --split 0.8 --epochs 5 --out comparison --overwrite"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the command line.

    Args:
        commands: The commands of `rasa-randconn`.
    """
    parser = commands.add_parser(
        "compare",
        help="train and test several configurations and compare them",
        description=_DESCRIPTION,
        **with_examples(
            ("NLU only, with a test set made from a fifth of the examples", _NLU),
            ("a whole bot, three seeds, so that there are intervals", _WHOLE_BOT),
            ("a quick look, with few epochs, over the last one", _QUICK),
        ),
    )
    add = parser.add_argument
    add(
        "--config",
        action="append",
        required=True,
        metavar="FILE",
        help="a configuration; repeat for more; all are compared with the first",
    )
    add_data_arguments(parser)
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
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Trains, tests and compares configurations.

    Args:
        options: The parsed arguments.

    Returns:
        The exit code.
    """
    from rasa_randconn.comparison.errors import ComparisonError

    try:
        comparison = plan(options, options.config, options.command_line)
        # what is wrong with the command is said before packages are imported that
        # take seconds
        comparison.check()
        from rasa_randconn.comparison.runner import compare

        return compare(comparison)
    except ComparisonError as error:
        for line in str(error).splitlines():
            print(f"rasa-randconn compare: {line}", file=sys.stderr)
        return 2
