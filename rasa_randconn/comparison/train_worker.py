"""Trains one configuration with one seed: `python -m ...train_worker REQUEST.json`."""

from __future__ import annotations

import tarfile
import time
from pathlib import Path
from typing import Any, Dict, List

from rasa_randconn.comparison import configuration, neural, training_data, worker
from rasa_randconn.comparison.instruments import Instruments
from rasa_randconn.comparison.machine import peak_rss_bytes
from rasa_randconn.comparison.training_progress import (
    FILE_NAME,
    TrainingProgress,
    note,
)


def main() -> None:
    """Trains with Rasa's own training and answers with what was measured.

    Raises:
        RuntimeError: If Rasa made no model.
    """
    request = worker.start(worker.WorkerRequest)
    config = configuration.override(
        configuration.read_config(request.config),
        is_neural=lambda name: neural.is_neural(neural.resolve(name)),
        seed=request.seed,
        epochs=request.epochs,
        options=lambda name: neural.fitting_options(
            neural.resolve(name), request.options
        ),
    )
    derived = Path(request.derived_config)
    configuration.write_config(config, derived)
    components = neural.find(config)
    names = {component.resource: component.key for component in components}
    notes = Path(request.scratch) / FILE_NAME
    instruments = Instruments(
        lambda resource, *epochs: note(
            TrainingProgress(names[resource], *epochs), notes
        )
    )
    for component in components:
        instruments.attach(component.component)

    seconds = _train(request)

    sizes = _resource_sizes(Path(request.model))
    measured: Dict[str, Any] = {}
    for component in components:
        if component.resource not in instruments.measurements:
            continue
        numbers = instruments.of(component.resource)
        measured[component.key] = {
            "class": f"{component.component.__module__}."
            f"{component.component.__qualname__}",
            "family": component.family,
            "position": component.position,
            "train_seconds": numbers.train_seconds,
            "fit_seconds": numbers.fit_seconds,
            "first_step_seconds": numbers.first_step_seconds,
            "epoch_seconds": numbers.epoch_seconds,
            "learning_curve": numbers.learning_curve,
            "connections": numbers.connections,
            "trainable_weights": numbers.trainable_weights,
            "model_bytes": sizes.get(component.resource, 0),
        }
    worker.respond(
        request,
        {
            "components": measured,
            "train_seconds": seconds,
            "model_archive_bytes": Path(request.model).stat().st_size,
            "peak_rss_bytes": peak_rss_bytes(),
            "versions": worker.versions(),
        },
    )


def _train(request: worker.WorkerRequest) -> float:
    from rasa.model_training import train

    files = training_data.select(
        nlu=request.train_nlu,
        stories=request.train_stories,
        scratch=Path(request.scratch) / "training_data",
    )
    started = time.perf_counter()
    result = train(
        domain=request.domain,
        config=request.derived_config,
        training_files=_as_text(files),
        output=str(Path(request.model).parent),
        fixed_model_name=Path(request.model).name,
        force_training=True,
        core_additional_arguments={"augmentation_factor": request.augmentation},
    )
    if result.code != 0 or not Path(request.model).exists():
        raise RuntimeError("Rasa's training made no model; its messages are above.")
    return time.perf_counter() - started


def _as_text(paths: List[Path]) -> List[str]:
    return [str(path) for path in paths]


def _resource_sizes(model: Path) -> Dict[str, int]:
    sizes: Dict[str, int] = {}
    with tarfile.open(str(model)) as archive:
        for member in archive:
            parts = [part for part in member.name.split("/") if part != "."]
            if member.isfile() and len(parts) > 2 and parts[0] == "components":
                sizes[parts[1]] = sizes.get(parts[1], 0) + member.size
    return sizes


if __name__ == "__main__":
    main()
