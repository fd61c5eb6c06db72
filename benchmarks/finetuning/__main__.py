"""Finetunes a bot after more examples came, and compares with a training from scratch.

Every configuration is trained on a part of the examples; that model is finetuned on all
of them with a fraction of the epochs; and a third model is trained on all of them from
scratch. All with Rasa's own commands, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLWriter
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.training_data import TrainingData
from rich.console import Console
from rich.table import Table

from rasa_randconn.comparison import configuration, neural

PART, FINETUNED, FULL = "part", "finetuned", "full"
"""The three models: trained on a part, finetuned from that on all, trained on all."""

LARGEST_LOSS = 0.01
"""How much less F1 than after a training from scratch finetuning may give."""


class Scores(NamedTuple):
    """What one model of one configuration and seed came to.

    Attributes:
        config: Name of the configuration.
        seed: Random seed.
        model: One of `PART`, `FINETUNED` and `FULL`.
        seconds: Time of the whole training process.
        intent: Weighted F1 of intents.
        entity: Weighted F1 of entities; `None` without entities.
    """

    config: str
    seed: int
    model: str
    seconds: float
    intent: float
    entity: Optional[float]


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Trains, finetunes and tests, and prints what was found.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code: 0, or 1 if finetuning loses more than `LARGEST_LOSS` in the mean
        over the seeds with one of the configurations.
    """
    parser = argparse.ArgumentParser(prog="benchmarks.finetuning", description=__doc__)
    add = parser.add_argument
    add("--config", required=True, action="append", help="configuration; repeatable")
    add("--train-nlu", required=True, help="all examples to train on")
    add("--test-nlu", required=True, help="examples to test on")
    add("--part", type=float, default=0.8, help="fraction trained on first (0.8)")
    add("--epochs", type=int, help="instead of those of the configurations")
    add("--epoch-fraction", type=float, default=0.2, help="of a finetuning (0.2)")
    add("--seeds", type=int, nargs="+", default=[1])
    add("--out", required=True, help="folder for data, models and scores")
    options = parser.parse_args(argv)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    data, test_data = load_data(options.train_nlu), load_data(options.test_nlu)
    RasaYAMLWriter().dump(out / "all.yml", data)
    part, _ = data.train_test_split(options.part, random_seed=options.seeds[0])
    RasaYAMLWriter().dump(out / "part.yml", part)
    scores: List[Scores] = []
    for seed in options.seeds:
        for name, path in zip(configuration.labels(options.config), options.config):
            folder = out / f"{name}-seed{seed}"
            folder.mkdir(exist_ok=True)
            _write_config(path, seed, options.epochs, folder / "config.yml")
            for model in (PART, FINETUNED, FULL):
                scores.append(_score(folder, name, seed, model, options, test_data))
                (out / "scores.json").write_text(
                    json.dumps([score._asdict() for score in scores], indent=1)
                )
    console = Console(width=100)
    console.print(_table(scores))
    verdicts = {name: largest_loss(scores, name) for name in names(scores)}
    for name, loss in verdicts.items():
        console.print(
            f"{name}: finetuning loses {loss * 100:.2f} points of F1 at most, mean of "
            f"{len(options.seeds)} seeds.",
            highlight=False,
        )
    return 0 if max(verdicts.values()) <= LARGEST_LOSS else 1


def names(scores: Sequence[Scores]) -> List[str]:
    """Names of the configurations, in their order."""
    return list(dict.fromkeys(score.config for score in scores))


def largest_loss(scores: Sequence[Scores], config: str) -> float:
    """How much F1 finetuning loses against a training from scratch.

    Args:
        scores: Of all models.
        config: Name of a configuration.

    Returns:
        The larger of the losses in intents and in entities, each in the mean over the
        seeds; negative if finetuning is better in both.
    """
    losses = []
    for kind in ("intent", "entity"):
        full, finetuned = (_mean(scores, config, m, kind) for m in (FULL, FINETUNED))
        if full is not None and finetuned is not None:
            losses.append(full - finetuned)
    return max(losses)


def _mean(
    scores: Sequence[Scores], config: str, model: str, what: str
) -> Optional[float]:
    values = [
        getattr(score, what)
        for score in scores
        if (score.config, score.model) == (config, model)
    ]
    found = [value for value in values if value is not None]
    return statistics.mean(found) if found else None


def _table(scores: Sequence[Scores]) -> Table:
    table = Table(title="Means over the seeds", title_justify="left")
    for title in ("", "model", "intent F1", "entity F1", "process, s"):
        table.add_column(title, justify="right" if "F1" in title else "left")
    for name in names(scores):
        for model in (PART, FINETUNED, FULL):
            values = [
                _mean(scores, name, model, what)
                for what in ("intent", "entity", "seconds")
            ]
            decimals = (4, 4, 1)
            cells = [
                "" if value is None else f"{value:.{digits}f}"
                for value, digits in zip(values, decimals)
            ]
            table.add_row(name, model, *cells, end_section=model == FULL)
    return table


def _write_config(path: str, seed: int, epochs: Optional[int], copy: Path) -> None:
    config = configuration.override(
        configuration.read_config(path),
        is_neural=lambda name: neural.is_neural(neural.resolve(name)),
        seed=seed,
        epochs=epochs,
    )
    configuration.write_config(config, copy)


def _score(
    folder: Path,
    config: str,
    seed: int,
    model: str,
    options: argparse.Namespace,
    test_data: TrainingData,
) -> Scores:
    """Trains or finetunes one model and tests it."""
    data = folder.parent / ("part.yml" if model == PART else "all.yml")
    arguments = ["train", "nlu", "--config", str(folder / "config.yml")]
    arguments += ["--nlu", str(data), "--out", str(folder)]
    arguments += ["--fixed-model-name", model]
    if model == FINETUNED:
        arguments += ["--finetune", str(folder / f"{PART}.tar.gz")]
        arguments += ["--epoch-fraction", str(options.epoch_fraction)]
    started = time.perf_counter()
    _rasa(arguments, folder)
    seconds = time.perf_counter() - started
    reports = folder / f"{model}-results"
    shutil.rmtree(reports, ignore_errors=True)
    _rasa(
        [
            *("test", "nlu", "--nlu", options.test_nlu, "--no-plot"),
            *("--model", str(folder / f"{model}.tar.gz"), "--out", str(reports)),
        ],
        folder,
    )
    return Scores(
        config,
        seed,
        model,
        seconds,
        _weighted_f1(reports / "intent_report.json"),
        entity_f1(reports, test_data),
    )


def entity_f1(reports: Path, data: TrainingData) -> Optional[float]:
    """F1 of the entities that DIET found.

    Args:
        reports: What `rasa test nlu` wrote.
        data: What was tested on.

    Returns:
        The weighted F1; 0 if there are entities but no report, which Rasa does not
        write for an extractor that found nothing; `None` if there are no entities.
    """
    if not data.entity_examples:
        return None
    found = list(reports.glob("*DIETClassifier_report.json"))
    return _weighted_f1(found[0]) if found else 0.0


def _weighted_f1(report: Path) -> float:
    content: Dict[str, Any] = json.loads(report.read_text())
    return float(content["weighted avg"]["f1-score"])


def _rasa(arguments: Sequence[str], folder: Path) -> None:
    # what was trained before must be trained again
    environment = {**os.environ, "RASA_MAX_CACHE_SIZE": "0"}
    with open(folder / "rasa.log", "a", encoding="utf-8") as log:
        subprocess.run(
            [sys.executable, "-m", "rasa", *arguments],
            check=True,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
        )


if __name__ == "__main__":
    sys.exit(main())
