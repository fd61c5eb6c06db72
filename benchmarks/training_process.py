"""Trainings and tests through Rasa in processes of their own, as in a comparison."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

from rasa_randconn.comparison.worker import WorkerRequest
from rasa_randconn.comparison.worker_process import (
    RunFailedError,
    run_worker,
    worker_environment,
)

_REQUEST = "request.json"


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
        folder: An existing folder, which gets the model as `model.tar.gz`.
        seed: Random seed of the neural components.
        epochs: Their epochs; those of the configuration if `None`.
        options: Further options to set in them where they have them.

    Returns:
        What was measured, by component and in all.

    Raises:
        RunFailedError: If it fails; the end of `train.log` is printed.
    """
    request = WorkerRequest(
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
        response=str(folder / "response.json"),
        options=dict(options or {}),
    )
    request.write(folder / _REQUEST)
    return _measured("train", request, folder / "train.log")


def test_nlu(nlu: Path, folder: Path, model: Optional[Path] = None) -> Dict[str, Any]:
    """Tests a model of a configuration that was trained in a folder.

    Args:
        nlu: The examples to test on.
        folder: The folder of the training.
        model: The model; that of the training if `None`.

    Returns:
        Weighted F1 and what else was measured.

    Raises:
        RunFailedError: If it fails; the end of `test.log` is printed.
    """
    request = WorkerRequest(
        **json.loads((folder / _REQUEST).read_text(encoding="utf-8"))
    )
    request.test_nlu = [str(nlu)]
    request.model = str(model or request.model)
    return _measured("test", request, folder / "test.log")


def _measured(phase: str, request: WorkerRequest, log: Path) -> Dict[str, Any]:
    scratch = Path(request.scratch)
    scratch.mkdir()
    try:
        measured, _ = run_worker(
            phase,
            request,
            log,
            worker_environment(request.seed, scratch, threads=None),
            say=lambda _: None,
        )
    except RunFailedError as error:
        # the log may be in a folder that is removed with its training
        print("\n".join(error.tail()), file=sys.stderr)
        raise
    finally:
        shutil.rmtree(str(scratch), ignore_errors=True)
    return measured
