"""Trains on data once, twice, four times over, and prints what an epoch takes.

The copies differ by small edits, so that no two texts are equal. Every training has a
process of its own. An epoch's time is the median of those after the first, which also
holds the first step.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLWriter
from rasa.shared.nlu.training_data.loading import load_data
from rich.console import Console
from rich.table import Table

from benchmarks.growth.copies import repeated
from benchmarks.training_process import train_nlu
from rasa_randconn.comparison.configuration import check_config

LARGEST_DEVIATION = 0.1
"""Of the time per example, as a fraction of that with the smallest data."""

_SEED = 1


class Training(NamedTuple):
    """What was measured with one size of the data.

    Attributes:
        times: How often the data is in it.
        examples: Number of examples.
        data_bytes: Size of the file.
        peak_bytes: Most memory that the process held.
        epochs: Seconds of an epoch by component.
    """

    times: int
    examples: int
    data_bytes: int
    peak_bytes: int
    epochs: Dict[str, float]


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Trains, and prints what was found.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code: 0, or 1 if the time of an epoch is not proportional to the number
        of examples, or the memory grows more than the data.
    """
    parser = argparse.ArgumentParser(prog="benchmarks.growth", description=__doc__)
    parser.add_argument("--config", required=True, help="configuration")
    parser.add_argument("--nlu", required=True, help="examples to train on")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--epochs", type=int, default=3, help="at least 2")
    options = parser.parse_args(argv)
    if options.epochs < 2:
        parser.error("--epochs must be at least 2: the first is not counted.")
    if len(set(options.times)) < 2 or min(options.times) < 1:
        parser.error("--times must be two or more different numbers from 1.")
    check_config(options.config, needs_nlu=True, needs_stories=False)
    trainings = [
        _train(options.config, options.nlu, times, options.epochs)
        for times in sorted(set(options.times))
    ]
    if not trainings[0].epochs:
        raise SystemExit(f"'{options.config}' has no component that trains in epochs.")
    console = Console(width=100)
    console.print(_table(trainings))
    verdicts = [*(_pace(trainings, name) for name in trainings[0].epochs)]
    verdicts.append(_memory(trainings))
    for verdict in verdicts:
        console.print(verdict.text, highlight=False, soft_wrap=True)
    return 0 if all(verdict.holds for verdict in verdicts) else 1


class Verdict(NamedTuple):
    """A sentence, and whether what should hold holds."""

    text: str
    holds: bool


def _pace(trainings: Sequence[Training], component: str) -> Verdict:
    """Whether the time of an epoch is proportional to the number of examples."""
    paces = [training.epochs[component] / training.examples for training in trainings]
    deviation = max(abs(pace / paces[0] - 1.0) for pace in paces)
    holds = deviation <= LARGEST_DEVIATION
    return Verdict(
        f"{component}: the time of an epoch is {'' if holds else 'not '}within "
        f"{LARGEST_DEVIATION:.0%} of proportional to the number of examples "
        f"(largest deviation {deviation:.1%}).",
        holds,
    )


def _memory(trainings: Sequence[Training]) -> Verdict:
    """Whether the memory grows no more than the data."""
    first, last = trainings[0], trainings[-1]
    more = last.peak_bytes - first.peak_bytes
    examples = last.examples - first.examples
    growth = last.peak_bytes / first.peak_bytes
    return Verdict(
        f"With {last.examples / first.examples:.1f} times the examples the peak memory "
        f"is {growth:.2f} times as high, {more / examples / 1e3:.1f} kB for every "
        f"further example.",
        growth <= last.examples / first.examples,
    )


def _table(trainings: Sequence[Training]) -> Table:
    table = Table()
    names = list(trainings[0].epochs)
    columns = ["times", "examples", "data, MB", "peak memory, MB"]
    columns += [title for name in names for title in (f"{name}, s", "ms per example")]
    for title in columns:
        table.add_column(title, justify="right")
    for training in trainings:
        cells: List[str] = [
            f"{training.times}",
            f"{training.examples:,}",
            f"{training.data_bytes / 1e6:.2f}",
            f"{training.peak_bytes / 1e6:,.0f}",
        ]
        for name in names:
            seconds = training.epochs[name]
            cells += [f"{seconds:.2f}", f"{seconds / training.examples * 1e3:.3f}"]
        table.add_row(*cells)
    return table


def _train(config: str, nlu: str, times: int, epochs: int) -> Training:
    """Trains in a process of its own, as a comparison does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "data.yml"
        data = repeated(load_data(nlu), times)
        RasaYAMLWriter().dump(path, data)
        answer = train_nlu(config, path, folder, _SEED, epochs)
        return Training(
            times,
            len(data.nlu_examples),
            path.stat().st_size,
            answer["peak_rss_bytes"],
            {
                key: statistics.median(component["epoch_seconds"][1:])
                for key, component in answer["components"].items()
                if len(component["epoch_seconds"]) > 1
            },
        )


if __name__ == "__main__":
    sys.exit(main())
