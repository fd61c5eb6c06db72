"""Trainings and tests through Rasa in processes of their own, as in a comparison."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

from rasa_randconn.comparison.worker import Orders


def train_nlu(
    config: str,
    nlu: Path,
    folder: Path,
    seed: int,
    epochs: Optional[int] = None,
    options: Optional[Mapping[str, Any]] = None,
) -> Dict[str, Any]:
    """Trains on NLU data.

    Args:
        config: The configuration, which is only read.
        nlu: The examples.
        folder: Gets the model as `model.tar.gz`, and Rasa's cache.
        seed: Random seed of the neural components.
        epochs: Their epochs; those of the configuration if `None`.
        options: Further options to set in them where they have them.

    Returns:
        What was measured, by component and in all.

    Raises:
        CalledProcessError: If it fails; its messages are in `train_worker.log`.
    """
    orders = Orders(
        config=config,
        derived_config=str(folder / "config.yml"),
        seed=seed,
        epochs=epochs,
        augmentation=0,
        domain=None,
        train_nlu=[str(nlu)],
        test_nlu=[],
        train_stories=[],
        test_stories=[],
        model=str(folder / "model.tar.gz"),
        evaluation=str(folder),
        scratch=str(folder / "scratch"),
        answer=str(folder / "answer.json"),
        options=dict(options or {}),
    )
    return _answer(orders, "train_worker")


def test_nlu(nlu: Path, folder: Path, model: Optional[Path] = None) -> Dict[str, Any]:
    """Tests a model of a configuration that was trained in a folder.

    Args:
        nlu: The examples to test on.
        folder: The folder of the training.
        model: The model; that of the training if `None`.

    Returns:
        Weighted F1 and what else was measured.

    Raises:
        CalledProcessError: If it fails; its messages are in `test_worker.log`.
    """
    orders = Orders(**json.loads((folder / "train_worker.json").read_text()))
    orders.test_nlu = [str(nlu)]
    orders.model = str(model or orders.model)
    shutil.rmtree(orders.scratch, ignore_errors=True)
    return _answer(orders, "test_worker")


def _answer(orders: Orders, worker: str) -> Dict[str, Any]:
    folder = Path(orders.derived_config).parent
    orders.write(folder / f"{worker}.json")
    with open(folder / f"{worker}.log", "w", encoding="utf-8") as log, subprocess.Popen(
        [
            *(sys.executable, "-m", f"rasa_randconn.comparison.{worker}"),
            str(folder / f"{worker}.json"),
        ],
        # never written to: it tells the worker that this process still lives
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, "RASA_CACHE_DIRECTORY": str(folder / "cache")},
        start_new_session=True,
    ) as process:
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, process.args)
    answer: Dict[str, Any] = json.loads(Path(orders.answer).read_text())
    return answer
