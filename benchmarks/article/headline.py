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
    Metric,
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

    Means and medians are over all seeds of a configuration, which the first row names.
    Differences are over the seeds that it shares with the first configuration.

    Args:
        runs: The runs of one or more comparisons. Of runs with the same configuration
            and seed, the last one counts.

    Returns:
        The lines of a Markdown table.
    """
    configs = names(runs)
    seeds_of = {
        name: sorted({run["seed"] for run in runs if name_of(run) == name})
        for name in configs
    }
    rows = [["seeds", *(" ".join(map(str, seeds_of[name])) for name in configs)]]
    for section in tabulate(runs):
        prefix = "" if section.title == MODEL else f"{section.title}, "
        for row in section.rows:
            title = f"{prefix}{row.metric.title}"
            if row.metric.label.endswith("F1"):
                rows += _scores(title, row)
            else:
                rows.append(_medians(title, row))
    return [
        "| | " + " | ".join(configs) + " |",
        "|---|" + "---:|" * len(configs),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _scores(title: str, row: Row) -> List[List[str]]:
    scores = [cell.by_seed for cell in row.cells]
    first, *others = scores
    differences = [
        [found[seed] - first[seed] for seed in found if seed in first]
        for found in others
    ]
    return [
        [title, *(_mean(row.metric, list(found.values())) for found in scores)],
        [
            f"{title}, less the first",
            "",
            *(_mean(row.metric, difference) for difference in differences),
        ],
    ]


def _mean(metric: Metric, values: Sequence[float]) -> str:
    if len(values) > 1:
        return spread.mean(values).text()
    return f"{values[0]:.4f}" if values else metric.format(None)


def _medians(title: str, row: Row) -> List[str]:
    return [title, *(row.metric.format(cell.value) for cell in row.cells)]


if __name__ == "__main__":
    sys.exit(main())
