"""Arguments of all commands that train and test bots."""

from __future__ import annotations

import argparse


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
