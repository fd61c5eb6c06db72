"""Averaged weights beside those of the last step, from few epochs to many.

The last weights of a training, their mean over its last epochs, and that of both which
the component chose are tested on what was held out.
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
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence
from unittest import mock

import numpy as np

from benchmarks.article.spread import mean_difference
from benchmarks.kept_results import KeptResults
from benchmarks.quality.data import ALL, KINDS, Data, add_arguments
from benchmarks.quality.tasks import Task
from rasa_randconn.training import trainer
from rasa_randconn.training.averaging import WeightAverage

_SMALL = 10
_SMALL_STORIES = 20

LAST, AVERAGED, CHOSEN = "last", "averaged", "chosen"

_NAME = re.compile(r"(.+)-(small|large)-(\d+)-epochs-seed-(\d+)")


class _Noted(WeightAverage):
    """Notes the weights that it replaces."""

    newest: Optional[_Noted] = None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.before: Dict[str, np.ndarray] = {}
        self.after: Dict[str, np.ndarray] = {}
        _Noted.newest = self

    def apply(self) -> Dict[str, np.ndarray]:
        self.before = super().apply()
        self.after = {path: self._parameters[path].array.copy() for path in self.before}
        return self.before


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Trains what is missing, and prints the table.

    Args:
        argv: The arguments; those of the process if `None`.
    """
    parser = argparse.ArgumentParser(
        prog="benchmarks.quality.averaging", description=__doc__
    )
    add_arguments(parser)
    parser.add_argument("--epochs", type=int, nargs="+", default=[10])
    parser.add_argument("--sizes", nargs="+", choices=("small", "large"), required=True)
    options = parser.parse_args(argv)
    logging.disable(logging.ERROR)
    kept = KeptResults(Path(options.out), {})
    data = Data(options)
    found: List[Mapping[str, Any]] = []
    for cell in itertools.product(options.kinds, options.sizes, options.seeds):
        found += _of_seed(kept, data, *cell, options.epochs)
    print("\n".join(table(found)))


def _of_seed(
    kept: KeptResults,
    data: Data,
    kind: str,
    size: str,
    seed: int,
    epochs: Sequence[int],
) -> List[Mapping[str, Any]]:
    per_label = ALL
    if size == "small":
        per_label = _SMALL if KINDS[kind].label else _SMALL_STORIES
    results: List[Mapping[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        task = functools.lru_cache(
            lambda: data.task(kind, per_label, seed, Path(scratch, "features"))
        )
        for count in epochs:
            folder = Path(scratch, str(count))
            name = f"{kind}-{size}-{count}-epochs-seed-{seed}"
            make = functools.partial(_scores, task, kind, count, seed, folder)
            scores = kept.get(name, make)
            results.append({"kind": kind, "size": size, "epochs": count, **scores})
            print(name, json.dumps(scores), flush=True)
    return results


def _scores(
    lazy_task: Callable[[], Task], kind: str, epochs: int, seed: int, folder: Path
) -> Dict[str, Any]:
    task = lazy_task()
    options = {**KINDS[kind].options, "epochs": epochs, "random_seed": seed}
    with mock.patch.object(trainer, "WeightAverage", _Noted):
        component = task.train(KINDS[kind].ours, options, folder)
    chosen = task.score(component)
    noted = _Noted.newest
    assert noted is not None
    if not noted.before:
        return {"examples": task.size, LAST: chosen, AVERAGED: chosen, CHOSEN: chosen}
    path, array = next(iter(noted.before.items()))
    parameters = component.model.parameters
    chose_last = np.array_equal(parameters[path].array, array)
    other = noted.after if chose_last else noted.before
    for path, array in other.items():
        parameters[path].array[...] = array
    component.persist()
    scores = task.score(task.load(KINDS[kind].ours, options, folder))
    return {
        "examples": task.size,
        LAST: chosen if chose_last else scores,
        AVERAGED: scores if chose_last else chosen,
        CHOSEN: chosen,
    }


def read(folder: Path) -> List[Mapping[str, Any]]:
    """Reads all results in a folder of this benchmark.

    Args:
        folder: What was given as `--out`.

    Returns:
        The results by size, component, epochs and seed, small data first.
    """
    found = []
    for path in folder.glob("*-seed-*.json"):
        kind, size, epochs, seed = _NAME.fullmatch(path.stem).groups()  # type: ignore[union-attr]
        cell = {"kind": kind, "size": size, "epochs": int(epochs)}
        place = size != "small", list(KINDS).index(kind), int(epochs), int(seed)
        scores = json.loads(path.read_text(encoding="utf-8"))
        found.append((place, {**cell, **scores}))
    return [result for _, result in sorted(found, key=lambda item: item[0])]


def table(results: Sequence[Mapping[str, Any]]) -> List[str]:
    """Makes a table of Markdown: means over the seeds, and paired differences.

    Args:
        results: A result for every seed, size and number of epochs.

    Returns:
        The lines.
    """
    lines = [
        "| component | data | epochs | score | last weights | averaged - last "
        "| chosen - last |",
        "|---|---|---|---|---|---|---|",
    ]
    cells: Dict[Any, List[Mapping[str, Any]]] = {}
    for result in results:
        key = result["kind"], result["size"], result["epochs"]
        cells.setdefault(key, []).append(result)
    for (kind, size, epochs), runs in cells.items():
        for score in runs[0][LAST]:
            last, averaged, chosen = (
                [run[name][score] for run in runs] for name in (LAST, AVERAGED, CHOSEN)
            )
            row = (
                kind,
                f"{size} ({runs[0]['examples']})",
                str(epochs),
                score,
                f"{np.mean(last):.3f}",
                mean_difference(averaged, last).text(3),
                mean_difference(chosen, last).text(3),
            )
            lines.append(f"| {' | '.join(row)} |")
    return lines


if __name__ == "__main__":
    main()
