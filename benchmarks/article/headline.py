"""The table of F1 with intervals beside time and size, from results of `compare`.

Writes Markdown: means of F1 over the seeds with bootstrap intervals, the difference to
the first configuration paired over the seeds, and medians of times and sizes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence

from benchmarks.article import spread
from rasa_randconn.comparison.results import (
    MODEL,
    Row,
    Run,
    name_of,
    names,
    read,
    tabulate,
)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Prints one table of all files, which may hold different seeds.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code, 0.
    """
    parser = argparse.ArgumentParser(prog="headline", description=__doc__)
    parser.add_argument("results", type=Path, nargs="+", help="a results.json")
    paths = parser.parse_args(argv).results
    print("\n".join(table([run for path in paths for run in read(path)])))
    return 0


def table(runs: Sequence[Run]) -> List[str]:
    """Writes a table with a column for every configuration.

    Only seeds with which every configuration was trained count, so that differences are
    paired.

    Args:
        runs: The runs of a comparison.

    Returns:
        The lines of a Markdown table.
    """
    configs = names(runs)
    by_config = {
        name: {run["seed"]: run for run in runs if name_of(run) == name}
        for name in configs
    }
    seeds = sorted(set.intersection(*(set(found) for found in by_config.values())))
    paired = [found[seed] for seed in seeds for found in by_config.values()]
    rows = []
    for section in tabulate(paired):
        prefix = "" if section.title == MODEL else f"{section.title}, "
        for row in section.rows:
            title = f"{prefix}{row.metric.title}"
            if not row.metric.label.endswith("F1"):
                rows.append(_medians(title, row))
            elif all(len(cell.values) == len(seeds) for cell in row.cells):
                rows += _scores(title, row)
    return [
        f"| seeds {' '.join(map(str, seeds))} | " + " | ".join(configs) + " |",
        "|---|" + "---:|" * len(configs),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _scores(title: str, row: Row) -> List[List[str]]:
    values = [cell.values for cell in row.cells]
    first, *others = values
    return [
        [title, *(spread.mean(found).text() for found in values)],
        [
            f"{title}, less the first",
            "",
            *(spread.mean_difference(found, first).text() for found in others),
        ],
    ]


def _medians(title: str, row: Row) -> List[str]:
    return [title, *(row.metric.format(cell.median) for cell in row.cells)]


if __name__ == "__main__":
    sys.exit(main())
