"""A sweep as tables of Markdown: weights, and every F1 with its interval.

Rows are sizes, columns patterns and densities. Intervals are those of the sweep's own
summary, Student's t at 95%, as half widths.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Callable, List, Optional, Sequence

import pandas as pd

from rasa_randconn.comparison.results import F1_SCORES


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Prints the tables.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code, 0.
    """
    parser = argparse.ArgumentParser(prog="sweep_tables", description=__doc__)
    parser.add_argument("summary", type=Path, help="the summary.csv of a sweep")
    print("\n".join(tables(pd.read_csv(parser.parse_args(argv).summary))))
    return 0


def tables(summary: pd.DataFrame) -> List[str]:
    """Writes a table of F1 for every score, and one of weights where they are others.

    Args:
        summary: The means over seeds of a sweep.

    Returns:
        The lines of the Markdown.
    """
    lines: List[str] = []
    shown_weights: List[str] = []
    for score, rows in summary.groupby("score", sort=False):
        seeds = sorted(set(rows["seeds"]))
        counts = " or ".join(str(count) for count in seeds)
        lines += [f"{F1_SCORES[str(score)]}, {counts} seeds:", ""]
        lines += [*score_table(rows), ""]
        weights = weight_table(rows)
        if weights != shown_weights:
            lines += ["Weights in the randomly connected layers:", "", *weights, ""]
            shown_weights = weights
    return lines


def score_table(rows: pd.DataFrame) -> List[str]:
    """Makes the table of one score: sizes by patterns and densities.

    Args:
        rows: The rows of the summary that have this score.

    Returns:
        The lines of the table.
    """
    return _table(rows, _mean)


def weight_table(rows: pd.DataFrame) -> List[str]:
    """Makes the table of the weights that a score depends on, as `score_table` does."""
    return _table(rows, lambda row: f"{row['connections']:,.0f}")


def _mean(row: pd.Series) -> str:
    half = (row["high"] - row["low"]) / 2
    return f"{row['mean']:.3f}" + ("" if pd.isna(half) else f" ± {half:.3f}")


def _table(rows: pd.DataFrame, text: Callable[[pd.Series], str]) -> List[str]:
    cells = (
        rows.assign(text=rows.apply(text, axis="columns"))
        .pivot(index="size", columns=["pattern", "density"], values="text")
        .sort_index(axis="columns", ascending=[True, False])
        .fillna("")
    )
    header = [f"{pattern} {density:g}" for pattern, density in cells.columns]
    lines = ["| size | " + " | ".join(header) + " |", "|---:|" + "---:|" * len(header)]
    for size, *found in cells.itertuples(name=None):
        lines.append(f"| {size} | " + " | ".join(found) + " |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
