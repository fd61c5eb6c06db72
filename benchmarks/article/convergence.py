"""Is convergence more robust with few connections?

Trains a configuration at several densities with many seeds. Examples held out by Rasa
(`evaluate_on_number_of_examples`) are measured after every epoch. Told are means and
standard deviations over the seeds at some epochs, whether the spread differs from that
at density 1.0, and the epochs until the measure stays within 5% of its last value. A
seed holds out the same examples at every density, so they are compared seed by seed.
"""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.article import curves, spread
from benchmarks.kept_results import KeptResults, checksum
from benchmarks.training_process import train_nlu
from rasa_randconn.comparison.configuration import check_config
from rasa_randconn.comparison.intervals import mean_interval

QUALITY_MEASURES = ("val_i_acc", "val_e_f1")
"""Accuracy of intents and F1 of entities, on held-out examples; more is better."""

MEASURES = ("val_t_loss", *QUALITY_MEASURES)
"""Those and the total loss on the same examples."""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Trains what is missing in the folder, and prints what was found.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code, 0.

    Raises:
        ComparisonError: If the folder holds curves of other settings.
    """
    parser = argparse.ArgumentParser(prog="convergence", description=__doc__)
    add = parser.add_argument
    add("--config", required=True, help="a configuration with our DIET")
    add("--nlu", required=True, help="examples to train on and to hold out from")
    add("--densities", type=float, nargs="+", default=[1.0, 0.2, 0.05, 0.01])
    add("--seeds", type=int, nargs="+", default=list(range(1, 9)))
    add("--epochs", type=int, default=40)
    add("--held-out", type=int, default=400, help="number of examples")
    add("--out", required=True, help="folder for the curves")
    options = parser.parse_args(argv)
    check_config(options.config, needs_nlu=True, needs_stories=False)
    kept = KeptResults(
        Path(options.out),
        {
            "config": checksum(options.config),
            "nlu": checksum(options.nlu),
            "epochs": options.epochs,
            "held-out": options.held_out,
        },
    )
    found: Dict[float, List[Dict[str, List[float]]]] = {}
    for seed in options.seeds:
        for density in options.densities:
            train = functools.partial(_train, density, seed, options)
            curve = kept.get(f"density{density}-seed{seed}", train)
            found.setdefault(density, []).append(curve)
    console = Console(width=130)
    for table in tables(found, options.epochs):
        console.print(table)
    return 0


def tables(
    found: Dict[float, List[Dict[str, List[float]]]], epochs: int
) -> List[Table]:
    """Makes a table for every measure, and one of the epochs that it takes.

    Args:
        found: The curves of every seed, by density.
        epochs: Number of epochs.
    """
    at = sorted({max(1, epochs // part) for part in (8, 4, 2, 1)})
    return [
        *(_spread_table(found, measure, at) for measure in MEASURES),
        _epochs_table(found),
    ]


def _spread_table(
    found: Dict[float, List[Dict[str, List[float]]]], measure: str, at: Sequence[int]
) -> Table:
    table = _table(
        measure,
        ("epoch", "density", "seeds", "mean, deviation", "same spread as 1.0: p"),
    )
    for epoch in at:
        for density, runs in found.items():
            table.add_row(
                f"{epoch}",
                f"{density:g}",
                f"{len(runs)}",
                _mean_and_deviation(runs, measure, epoch),
                _p(runs, found.get(1.0), measure, epoch),
            )
        table.add_section()
    return table


def _epochs_table(found: Dict[float, List[Dict[str, List[float]]]]) -> Table:
    columns = [c for m in QUALITY_MEASURES for c in (m, "less those at 1.0")]
    table = _table("Epochs to 95% of the last value", ("density", "seeds", *columns))
    for density, runs in found.items():
        cells = [f"{density:g}", f"{len(runs)}"]
        for measure in QUALITY_MEASURES:
            epochs = [spread.epochs_to(run[measure]) for run in runs]
            cells.append(mean_interval(epochs).text(1))
            dense = found.get(1.0)
            if dense is None or dense is runs or len(dense) != len(runs):
                cells.append("")
                continue
            others = [spread.epochs_to(run[measure]) for run in dense]
            cells.append(spread.mean_difference(epochs, others).text(1))
        table.add_row(*cells)
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _mean_and_deviation(
    runs: Sequence[Dict[str, List[float]]], measure: str, epoch: int
) -> str:
    values = [run[measure][epoch - 1] for run in runs]
    mean = sum(values) / len(values)
    return f"{mean:.4f}, sd {spread.deviation(values).text()}"


def _p(
    runs: Sequence[Dict[str, List[float]]],
    dense: Optional[Sequence[Dict[str, List[float]]]],
    measure: str,
    epoch: int,
) -> str:
    if dense is None or dense is runs or len(runs) != len(dense) or len(runs) < 3:
        return ""
    values, others = ([run[measure][epoch - 1] for run in r] for r in (runs, dense))
    return f"{spread.same_spread(values, others):.2f}"


def _train(
    density: float, seed: int, options: argparse.Namespace
) -> Dict[str, List[float]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        set_options: Dict[str, Any] = {
            "connection_density": density,
            "tensorboard_log_directory": str(folder / "curves"),
            "evaluate_on_number_of_examples": options.held_out,
            "evaluate_every_number_of_epochs": 1,
        }
        train_nlu(
            options.config, Path(options.nlu), folder, seed, options.epochs, set_options
        )
        return curves.read(folder / "curves")


if __name__ == "__main__":
    sys.exit(main())
