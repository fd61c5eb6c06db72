"""Checks all that is to be trained: `python -m ...check_worker REQUEST.json`."""

from __future__ import annotations

import dataclasses
import difflib
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

_SECTIONS = ("pipeline", "policies")


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
    sections = [
        section
        for section, data in zip(_SECTIONS, (request.train_nlu, request.train_stories))
        if data
    ]
    found = (
        _entry_fault(entry, request)
        for section in sections
        for entry in config[section]
    )
    return [f"{path}: {fault}" for fault in found if fault is not None]


def _entry_fault(
    entry: Mapping[str, Any], request: worker.CheckRequest
) -> Optional[str]:
    """What is wrong with a component and its options."""
    from rasa.shared.exceptions import InvalidConfigException

    name = str(entry["name"])
    try:
        component = neural.resolve(name)
    except (InvalidConfigException, ImportError, AttributeError):
        similar = difflib.get_close_matches(name, neural.known_names(), n=1)
        hint = f" Did you mean '{similar[0]}'?" if similar else ""
        return f"There is no component '{name}'.{hint}"
    options = {key: value for key, value in entry.items() if key != "name"}
    if neural.is_neural(component):
        if request.epochs is not None:
            options["epochs"] = request.epochs
        others = neural.fitting_options(component, request.options)
        configuration.replace_options(options, others)
    return _fault_of(lambda: neural.check_options(component, options))


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
        return " ".join(str(error).split()) or type(error).__name__
    return None


if __name__ == "__main__":
    main()
