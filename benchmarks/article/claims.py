"""Two settings of a sweep beside each other, paired over their seeds.

A setting is written density:size:pattern. The mean F1 of both has intervals
over the seeds that both have, and so has the difference of the second to the first.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional, Sequence

import pandas as pd

from benchmarks.article import spread
from rasa_randconn.comparison.intervals import mean_interval
from rasa_randconn.comparison.results import F1_SCORES
from rasa_randconn.sweep.cells import setting_title
from rasa_randconn.sweep.table import SETTING, connections_column


class Setting(NamedTuple):
    """What a cell of a sweep was trained with, but for the seed.

    Attributes:
        density: `connection_density`.
        size: `transformer_size`.
        pattern: `connection_pattern`.
    """

    density: float
    size: int
    pattern: str

    @classmethod
    def parse(cls, text: str) -> Setting:
        """Reads a setting.

        Raises:
            ValueError: If it is not density:size:pattern.
        """
        density, size, pattern = text.split(":")
        return cls(float(density), int(size), pattern)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Prints the table of two settings.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code, 0.

    Raises:
        ValueError: If both settings have no seed in common.
    """
    parser = argparse.ArgumentParser(prog="claims", description=__doc__)
    parser.add_argument("results", type=Path, help="the results.csv of a sweep")
    parser.add_argument("--score", choices=list(F1_SCORES), default="intent_f1")
    parser.add_argument("settings", type=Setting.parse, nargs=2, metavar="SETTING")
    options = parser.parse_args(argv)
    frame = pd.read_csv(options.results)
    print("\n".join(table(frame, options.score, *options.settings)))
    return 0


def table(
    frame: pd.DataFrame, score: str, first: Setting, second: Setting
) -> List[str]:
    """Writes a table with a row for each setting and one for the difference.

    Args:
        frame: The cells of a sweep.
        score: A column with an F1.
        first: What is compared with.
        second: What is compared.

    Returns:
        The lines of the Markdown.

    Raises:
        ValueError: If both settings have no seed in common.
    """
    by_seed = [
        _cells(frame, setting).dropna(subset=[score]) for setting in (first, second)
    ]
    seeds = sorted(set(by_seed[0].index) & set(by_seed[1].index))
    if not seeds:
        raise ValueError(f"No seed has both {first} and {second}.")
    lines = [
        f"| {F1_SCORES[score]}, seeds {' '.join(map(str, seeds))} | weights | mean |"
    ]
    lines.append("|---|---:|---:|")
    values = [cells.loc[seeds, score].tolist() for cells in by_seed]
    for setting, cells, found in zip((first, second), by_seed, values):
        weights = cells.loc[seeds, connections_column(score)].mean()
        mean = mean_interval(found).text()
        lines.append(f"| {setting_title(*setting)} | {weights:,.0f} | {mean} |")
    difference = spread.mean_difference(values[1], values[0])
    return [*lines, f"| the second less the first | | {difference.text()} |"]


def _cells(frame: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    """The cells of a setting by their seed."""
    is_own = frame[SETTING].eq(list(setting)).all(axis="columns")
    return frame[is_own].set_index("seed")


if __name__ == "__main__":
    sys.exit(main())
