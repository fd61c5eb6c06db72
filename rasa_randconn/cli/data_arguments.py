"""Arguments of all commands that train and test bots."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, List

if TYPE_CHECKING:
    from rasa_randconn.comparison.plan import Plan


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what says where data is, and how stories are augmented.

    Args:
        parser: The parser of a command.
    """
    add = parser.add_argument
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
        "--split",
        type=float,
        metavar="F",
        help="instead of --test-nlu: train on this fraction of the NLU data, such as "
        "0.8, and test on the rest; the split is that of 'rasa data split nlu' with "
        "seed 42; stories are not split",
    )
    add(
        "--domain",
        metavar="PATH",
        help="the domain; needed for stories, and for response texts",
    )
    add(
        "--augmentation",
        type=int,
        default=50,
        metavar="N",
        help="how much to augment the stories, as in 'rasa train' (default: 50)",
    )


def plan(options: argparse.Namespace, configs: List[str], command: str = "") -> Plan:
    """What to train and test.

    Args:
        options: The parsed arguments of the command.
        configs: The configurations.
        command: The command as the user gave it, for the report.
    """
    from rasa_randconn.comparison.plan import Plan

    return Plan(
        configs=configs,
        out=Path(options.out),
        seeds=options.seeds,
        epochs=options.epochs,
        augmentation=options.augmentation,
        domain=options.domain,
        train_nlu=options.train_nlu,
        test_nlu=options.test_nlu,
        train_stories=options.train_stories,
        test_stories=options.test_stories,
        split=options.split,
        overwrite=options.overwrite,
        command=command,
    )
