"""The table of F1 with intervals beside time and size, from results of `compare`.

Writes Markdown: means of F1 over the seeds with bootstrap intervals, the difference to
the first configuration paired over the seeds, and medians of times and sizes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from benchmarks.article import spread
from rasa_randconn.comparison.results import (
    Metric,
    Run,
    by_family,
    name_of,
    names,
    read,
)

SCORES = {"intent F1": "intent_f1", "entity F1": "entity_f1", "action F1": "action_f1"}

OF_RUNS = (
    Metric("training, all of Rasa", "s", ("train_seconds",), 1),
    Metric("loading, all of Rasa", "s", ("load_seconds",), 2),
    Metric("message p50, all of Rasa", "ms", ("message_latency_ms", "p50"), 2),
    Metric("model archive", "MB", ("model_archive_bytes",), 1),
)

OF_COMPONENTS = (
    Metric("training", "s", ("train_seconds",), 1),
    Metric("loading", "s", ("load_seconds",), 2),
    Metric("latency p50", "ms", ("latency_ms", "p50"), 2),
    Metric("files in the model", "MB", ("model_bytes",), 1),
    Metric("connections", "", ("connections",), 0),
)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Prints the table of every file.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code, 0.
    """
    parser = argparse.ArgumentParser(prog="headline", description=__doc__)
    parser.add_argument("results", type=Path, nargs="+", help="a results.json")
    for path in parser.parse_args(argv).results:
        print("\n".join(table(read(path))), end="\n\n")
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
    columns = {
        name: [found[seed] for seed in seeds] for name, found in by_config.items()
    }
    rows = _rows_of_scores(columns)
    rows += _rows_of_components(columns)
    rows += [_row(metric, columns) for metric in OF_RUNS]
    return [
        f"| seeds {' '.join(map(str, seeds))} | " + " | ".join(configs) + " |",
        "|---|" + "---:|" * len(configs),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _rows_of_scores(columns: Dict[str, List[Run]]) -> List[List[str]]:
    rows = []
    for label, key in SCORES.items():
        if any(run.get(key) is None for runs in columns.values() for run in runs):
            continue
        values = [[float(run[key]) for run in runs] for runs in columns.values()]
        first, *others = values
        rows.append([label, *(spread.mean(found).text() for found in values)])
        differences = [spread.mean_difference(found, first).text() for found in others]
        rows.append([f"{label}, less the first", "", *differences])
    return rows


def _rows_of_components(columns: Dict[str, List[Run]]) -> List[List[str]]:
    families = dict.fromkeys(
        family for runs in columns.values() for run in runs for family in by_family(run)
    )
    rows = []
    for family in families:
        components = {
            name: [found[family] for found in map(by_family, runs) if family in found]
            for name, runs in columns.items()
        }
        rows += [_row(metric, components, f"{family}, ") for metric in OF_COMPONENTS]
    return rows


def _row(
    metric: Metric, columns: Dict[str, List[Dict[str, Any]]], prefix: str = ""
) -> List[str]:
    cells = []
    for objects in columns.values():
        values = [value for value in map(metric.of, objects) if value is not None]
        cells.append(metric.format(statistics.median(values) if values else None))
    unit = f", {metric.unit}" if metric.unit else ""
    return [f"{prefix}{metric.label}{unit}", *cells]


if __name__ == "__main__":
    sys.exit(main())
