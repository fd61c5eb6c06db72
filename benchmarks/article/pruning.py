"""Random connections before the training against pruning after it.

Trains dense models; keeps in each of the layers that could be randomly connected the
weights of the largest magnitude, as many as random connections would have; and tests
them beside models trained with these densities from the start, with the same seeds.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.article import spread
from benchmarks.kept_results import KeptResults, checksum
from benchmarks.training_process import test_nlu, train_nlu
from rasa_randconn.comparison.configuration import check_config
from rasa_randconn.comparison.intervals import mean_interval
from rasa_randconn.connections import sample_connectivity
from rasa_randconn.storage import read_weights, write_manifest, write_weights
from rasa_randconn.storage.manifest import FILE_NAME

_WEIGHTS = "*.weights.safetensors"

SCORES = ("intent_f1", "entity_f1")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Trains and tests what is missing in the folder, and prints what was found.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code, 0.

    Raises:
        ComparisonError: If the folder holds scores of other settings.
    """
    parser = argparse.ArgumentParser(prog="pruning", description=__doc__)
    add = parser.add_argument
    add("--config", required=True, help="a configuration with our DIET")
    add("--train-nlu", required=True, help="examples to train on")
    add("--test-nlu", required=True, help="examples to test on")
    add("--densities", type=float, nargs="+", default=[0.5, 0.2, 0.05])
    add("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    add("--epochs", type=int, default=40)
    add("--out", required=True, help="folder for the scores")
    options = parser.parse_args(argv)
    check_config(options.config, needs_nlu=True, needs_stories=False)
    kept = KeptResults(
        Path(options.out),
        {
            "config": checksum(options.config),
            "train-nlu": checksum(options.train_nlu),
            "test-nlu": checksum(options.test_nlu),
            "epochs": options.epochs,
            "densities": options.densities,
        },
    )
    rows: List[Dict[str, Any]] = []
    for seed in options.seeds:
        rows += kept.get(f"seed{seed}", functools.partial(_scores, seed, options))
    Console(width=130).print(table(rows))
    return 0


def table(rows: Sequence[Dict[str, Any]]) -> Table:
    """Makes the table of means over the seeds.

    Args:
        rows: A row for every seed, density and way: `way`, `density` and the scores.
    """
    made = Table(title="Means with 95% intervals", title_justify="left")
    for title in ("density", "way", "seeds", *SCORES):
        made.add_column(title, justify="right")
    for score in SCORES:
        made.add_column(f"{score}, less random connections", justify="right")
    for density, way in dict.fromkeys((row["density"], row["way"]) for row in rows):
        own = _of(rows, density, way)
        random = _of(rows, density, "random connections")
        cells = [f"{density:g}", way, f"{len(own)}"]
        cells += [mean_interval([row[s] for row in own]).text() for s in SCORES]
        for score in SCORES if way == "pruned" else ():
            pairs = [[row[score] for row in some] for some in (own, random)]
            cells.append(spread.mean_difference(*pairs).text())
        made.add_row(*cells)
    return made


def _of(
    rows: Sequence[Dict[str, Any]], density: float, way: str
) -> List[Dict[str, Any]]:
    return [row for row in rows if (row["density"], row["way"]) == (density, way)]


def _scores(seed: int, options: argparse.Namespace) -> List[Dict[str, Any]]:
    test = Path(options.test_nlu)
    rows = []

    def tested(
        way: str, density: float, folder: Path, model: Optional[Path] = None
    ) -> None:
        answer = test_nlu(test, folder, model)
        row = {"way": way, "density": density, "seed": seed}
        rows.append({**row, **{score: answer[score] for score in SCORES}})

    def trained(density: float, folder: Path) -> None:
        folder.mkdir()
        train_nlu(
            options.config,
            Path(options.train_nlu),
            folder,
            seed,
            options.epochs,
            {"connection_density": density},
        )

    with tempfile.TemporaryDirectory() as name:
        dense = Path(name) / "dense"
        trained(1.0, dense)
        tested("dense", 1.0, dense)
        for density in options.densities:
            pruned = Path(name) / f"pruned-{density}.tar.gz"
            prune(dense / "model.tar.gz", density, pruned)
            tested("pruned", density, dense, pruned)
            sparse = Path(name) / f"random-{density}"
            trained(density, sparse)
            tested("random connections", density, sparse)
    return rows


def prune(model: Path, density: float, pruned: Path) -> None:
    """Sets the smallest weights of a model's randomly connected layers to zero.

    Args:
        model: A model of Rasa whose layers of ours are dense.
        density: Every layer keeps as many weights as `grouped` connections of this
            density would have.
        pruned: The archive to write.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with tarfile.open(str(model)) as archive:
            archive.extractall(folder)
        for path in folder.glob(f"components/*/{_WEIGHTS}"):
            arrays, layers = read_weights(path)
            for layer, stored in layers.items():
                connectivity = stored.connectivity
                kept = sample_connectivity(
                    "grouped", connectivity.inputs, connectivity.units, density, 0
                ).count
                kernel = arrays[f"{layer}/kernel"]
                smallest = np.argsort(np.abs(kernel), axis=None)[: kernel.size - kept]
                kernel.reshape(-1)[smallest] = 0.0
            write_weights(path, arrays, layers)
            manifest = path.with_name(FILE_NAME)
            component = json.loads(manifest.read_text())["component"]
            write_manifest(path.parent, component, is_trained=True)
        with tarfile.open(str(pruned), "w:gz") as archive:
            archive.add(folder, arcname="")


if __name__ == "__main__":
    sys.exit(main())
