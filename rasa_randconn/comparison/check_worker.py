"""Checks all that is to be trained: `python -m ...check_worker REQUEST.json`."""

from __future__ import annotations

import dataclasses
import tempfile
from functools import partial
from pathlib import Path
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
)

from rasa_randconn.comparison import configuration, neural, training_data, worker
from rasa_randconn.comparison.split import Split, split
from rasa_randconn.component_names import hint, unknown_component


def main() -> None:
    """Answers with what is wrong, a line for each fault, and divides the data."""
    request = worker.start(worker.CheckRequest)
    found = faults(request)
    divided: Optional[Split] = None
    if request.split is not None and not found:
        fault, divided = _divided(request, request.split)
        found += [fault] if fault is not None else []
    worker.respond(
        request,
        {
            "faults": found,
            "split": None if divided is None else dataclasses.asdict(divided),
        },
    )


def faults(request: worker.CheckRequest) -> List[str]:
    """Finds what cannot be trained or tested.

    Args:
        request: What is to be trained and tested.

    Returns:
        A line for each fault.
    """
    return [
        *(fault for path in request.configs for fault in _config_faults(path, request)),
        *_data_faults(request),
    ]


def _config_faults(path: str, request: worker.CheckRequest) -> List[str]:
    config: Dict[str, Any] = {}
    fault = _fault_of(lambda: config.update(neural.read_as_rasa_does(path)))
    if fault is not None:
        return [f"{path}: {fault}"]
    found = (
        _entry_fault(entry, request)
        for entry in configuration.entries(config, request.sections)
    )
    return [f"{path}: {fault}" for fault in found if fault is not None]


def _entry_fault(
    entry: Mapping[str, Any], request: worker.CheckRequest
) -> Optional[str]:
    """What is wrong with a component and its options."""
    name = str(entry["name"])
    try:
        component = neural.resolve(name)
    except Exception as error:
        if _is_missing(name, error):
            return unknown_component(name, neural.known_names())
        reason = _in_a_line(error).rstrip(".")
        similar = hint(name, neural.known_names())
        return f"Rasa cannot use the component '{name}': {reason}.{similar}"
    options = {key: value for key, value in entry.items() if key != "name"}
    if neural.is_neural(component):
        if request.epochs is not None:
            options["epochs"] = request.epochs
        others = neural.fitting_options(component, request.options)
        configuration.replace_options(options, others)
    return _fault_of(lambda: neural.check_options(component, options))


def _is_missing(name: str, error: Exception) -> bool:
    """Whether a component was not found, and not found unusable."""
    from rasa_randconn.stock.unknown_component import UnknownComponentError

    module, _, _ = name.rpartition(".")
    if isinstance(error, ModuleNotFoundError):
        # of a module that is found, an import of its own may fail
        return f"{module}.".startswith(f"{error.name}.")
    return not module or isinstance(error, UnknownComponentError)


def _data_faults(request: worker.CheckRequest) -> Iterable[str]:
    parts: Sequence[Tuple[List[str], List[str], bool]] = (
        (request.train_nlu, request.train_stories, False),
        (request.test_nlu, [], True),
        ([], request.test_stories, True),
    )
    for nlu, stories, is_test in parts:
        with tempfile.TemporaryDirectory(dir=request.scratch) as folder:
            fault = _fault_of(partial(_check_data, nlu, stories, Path(folder), is_test))
        if fault is not None:
            yield fault


def _check_data(
    nlu: Sequence[str], stories: Sequence[str], folder: Path, is_test: bool
) -> None:
    files = training_data.select(nlu, stories, folder)
    if is_test and nlu:
        training_data.check_examples(files, ", ".join(nlu))
    if is_test and stories:
        training_data.check_stories(files, ", ".join(stories))


def _divided(
    request: worker.CheckRequest, fraction: float
) -> Tuple[Optional[str], Optional[Split]]:
    """What is wrong with a split, or the split."""
    made: List[Split] = []
    folder = Path(request.scratch) / "parts"
    fault = _fault_of(lambda: made.append(split(request.train_nlu, fraction, folder)))
    return fault, made[0] if made else None


def _fault_of(check: Callable[[], object]) -> Optional[str]:
    """The message of the error that a check raises, in one line."""
    try:
        check()
    except Exception as error:
        return _in_a_line(error)
    return None


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


if __name__ == "__main__":
    main()
