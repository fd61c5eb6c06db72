"""Our components beside stock's on few examples, with stock's own defaults otherwise.

Every cell of the table is trained with several seeds, which choose the examples, too.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import logging
import re
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Type

import numpy as np

from benchmarks.article.spread import mean_difference
from benchmarks.kept_results import KeptResults
from benchmarks.quality.data import KINDS, Data, add_arguments
from benchmarks.quality.tasks import Task

STOCK, OURS = "stock", "ours"

_NAME = re.compile(r"(.+)-(\d+)-(\d+)-epochs-(\w+)-seed-(\d+)")


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Trains what is missing, and prints the table.

    Args:
        argv: The arguments; those of the process if `None`.
    """
    parser = argparse.ArgumentParser(
        prog="benchmarks.quality.small_data", description=__doc__
    )
    add_arguments(parser)
    add = parser.add_argument
    add("--epochs", type=int, nargs="+", default=[20, 100])
    add("--sizes", type=int, nargs="+", required=True, help="per label, or stories")
    add("--set", nargs="*", default=[], help="options of ours as name=JSON")
    options = parser.parse_args(argv)
    logging.disable(logging.ERROR)
    own = {
        name: json.loads(value)
        for name, _, value in (option.partition("=") for option in options.set)
    }
    kept = KeptResults(Path(options.out), own)
    data = Data(options)
    found: List[Mapping[str, Any]] = []
    for cell in itertools.product(options.kinds, options.sizes, options.seeds):
        found += _of_seed(kept, data, *cell, options.epochs, own)
    print("\n".join(table(found)))


def _of_seed(
    kept: KeptResults,
    data: Data,
    kind: str,
    size: int,
    seed: int,
    epochs: Sequence[int],
    own: Mapping[str, Any],
) -> List[Mapping[str, Any]]:
    results: List[Mapping[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        task = functools.lru_cache(
            lambda: data.task(kind, size, seed, Path(scratch, "features"))
        )
        for count in epochs:
            given = {**KINDS[kind].options, "epochs": count, "random_seed": seed}
            for side, component, options in (
                (STOCK, KINDS[kind].stock, given),
                (OURS, KINDS[kind].ours, {**given, **own}),
            ):
                folder = Path(scratch, f"{side}-{count}")
                name = f"{kind}-{size}-{count}-epochs-{side}-seed-{seed}"
                make = functools.partial(_scores, task, component, options, folder)
                scores = kept.get(name, make)
                cell = {"kind": kind, "size": size, "epochs": count, "side": side}
                results.append({**cell, **scores})
                print(name, json.dumps(scores), flush=True)
    return results


def _scores(
    lazy_task: Callable[[], Task],
    component: Type[Any],
    options: Mapping[str, Any],
    folder: Path,
) -> Dict[str, Any]:
    task = lazy_task()
    scores = task.score(task.train(component, options, folder))
    return {"examples": task.size, "scores": scores}


def read(folder: Path) -> List[Mapping[str, Any]]:
    """Reads all results in a folder of this benchmark.

    Args:
        folder: What was given as `--out`.

    Returns:
        The results by component, size, epochs and seed.
    """
    found = []
    for path in folder.glob("*-seed-*.json"):
        kind, size, epochs, side, seed = _NAME.fullmatch(path.stem).groups()  # type: ignore[union-attr]
        cell = {"kind": kind, "size": int(size), "epochs": int(epochs), "side": side}
        place = list(KINDS).index(kind), int(size), int(epochs), int(seed)
        scores = json.loads(path.read_text(encoding="utf-8"))
        found.append((place, side, {**cell, **scores}))
    return [result for _, _, result in sorted(found, key=lambda item: item[:2])]


def table(results: Sequence[Mapping[str, Any]]) -> List[str]:
    """Makes a table of Markdown: means over the seeds, and paired differences.

    Args:
        results: A result for every seed, size, number of epochs and side.

    Returns:
        The lines.
    """
    lines = [
        "| component | size | epochs | score | stock | ours | ours - stock |",
        "|---|---|---|---|---|---|---|",
    ]
    cells: Dict[Any, Dict[str, List[Mapping[str, Any]]]] = {}
    for result in results:
        key = result["kind"], result["size"], result["epochs"]
        sides = cells.setdefault(key, {STOCK: [], OURS: []})
        sides[result["side"]].append(result)
    for (kind, size, epochs), sides in cells.items():
        for score in sides[STOCK][0]["scores"]:
            stock, ours = (
                [run["scores"][score] for run in sides[side]] for side in (STOCK, OURS)
            )
            row = (
                kind,
                f"{size} ({sides[STOCK][0]['examples']})",
                str(epochs),
                score,
                f"{np.mean(stock):.3f}",
                f"{np.mean(ours):.3f}",
                mean_difference(ours, stock).text(3),
            )
            lines.append(f"| {' | '.join(row)} |")
    return lines


if __name__ == "__main__":
    main()
