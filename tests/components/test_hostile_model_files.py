"""Files with right checksums that another program made: one clear error, in time."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
import shutil
import signal
from contextlib import contextmanager, suppress

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from data_factory import load, predictions_of_turns, tiny_options
from rasa.shared.exceptions import RasaException

from rasa_randconn.batches.feature_checks import FeatureError
from rasa_randconn.storage import ModelFileError

MANIFEST = "rasa_randconn.json"

#: Number of changes per component; more with the variable `EXAMPLES`.
EXAMPLES = int(os.environ.get("EXAMPLES", "60"))

#: Seconds after which a user would think that nothing happens any more.
LONGEST = 5

KINDS = ("diet", "selector", "ted", "unlikely intents")

every_kind = pytest.mark.parametrize("kind", KINDS)

VALUES = ("DELETE", "WRAP", None, -1, 0, 1.5, 10**12, True, "x", [], {}, [[]])

CHANGES = {
    "flat": lambda array: array.reshape(-1),
    "transposed": lambda array: np.ascontiguousarray(array.T),
    "shorter": lambda array: np.ascontiguousarray(array[:-1]),
    "empty": lambda array: array[:0],
    "twice": lambda array: np.concatenate([array, array]),
    "nested": lambda array: np.ascontiguousarray(array[np.newaxis]),
    "float64": lambda array: array.astype(np.float64),
    "int16": lambda array: array.astype(np.int16),
    "bool": lambda array: array.astype(bool),
    "huge": lambda array: np.full_like(
        array, np.iinfo(array.dtype).max if array.dtype.kind in "iu" else 1e30
    ),
    "negative": lambda array: np.full_like(array, -1 if array.dtype.kind != "u" else 9),
}


@pytest.fixture
def pattern():
    return "grouped"


@contextmanager
def time_limit():
    def stop(*_):
        raise AssertionError(f"it takes longer than {LONGEST} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def places(value, path=()):
    yield path
    items = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, child in items:
        yield from places(child, (*path, key))


def changed_json(value, chance):
    """A value of JSON with one part deleted or replaced."""
    value = copy.deepcopy(value)
    path, new = chance.choice(list(places(value))), chance.choice(VALUES)
    if not path:
        return [value] if new in ("DELETE", "WRAP") else new
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    if new == "DELETE":
        del parent[path[-1]]
    else:
        parent[path[-1]] = [parent[path[-1]]] if new == "WRAP" else new
    return value


def change_arrays(path, chance):
    """Changes one array of a file, or a fact in its header."""
    with safetensors.safe_open(str(path), framework="np") as file:
        metadata = file.metadata() or {}
        arrays = {name: file.get_tensor(name) for name in file.keys()}
    if "layers" in metadata and chance.random() < 0.4:
        layers = changed_json(json.loads(metadata["layers"]), chance)
        metadata["layers"] = json.dumps(layers)
    elif arrays:
        name = chance.choice(sorted(arrays))
        change = chance.choice(["missing", "another name", *CHANGES])
        if change == "another name":
            arrays[f"{name}_"] = arrays.pop(name)
        elif change == "missing":
            del arrays[name]
        elif arrays[name].ndim:
            with np.errstate(invalid="ignore", over="ignore"):
                arrays[name] = CHANGES[change](arrays[name])
    safetensors.numpy.save_file(arrays, str(path), metadata=metadata or None)


def seal(folder):
    """Writes the checksums of the files as they are now."""
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"] = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in manifest["files"]
    }
    (folder / MANIFEST).write_text(json.dumps(manifest))


def ask(component, data):
    """Asks a component everything; a changed layout may fit no message."""
    with suppress(FeatureError):
        if hasattr(data, "trackers"):
            list(predictions_of_turns(component, data))
        else:
            component.process(data.messages("fly from berlin to rome", "who are you"))


@every_kind
def test_changed_files_are_refused_in_words_or_harmless(
    train_once, kind, featurizers, retrieval, talk, intent_talk, tmp_path
):
    trained = train_once(kind, "grouped")
    component = type(trained.component)
    data = dict(zip(KINDS, (featurizers, retrieval, talk, intent_talk)))[kind]
    options = {**tiny_options(component), **trained.options}
    folder = tmp_path / "model"
    # whoever loads the first model ever has to wait for the kernels
    ask(load(component, options, trained.storage), data)
    refused = 0
    for number in range(EXAMPLES):
        chance = random.Random(number)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(trained.folder, folder)
        path = chance.choice(sorted(p for p in folder.iterdir() if p.name != MANIFEST))
        if path.suffix == ".json":
            value = changed_json(json.loads(path.read_text()), chance)
            path.write_text(json.dumps(value))
        else:
            change_arrays(path, chance)
        seal(folder)
        try:
            with time_limit():
                loaded = load(component, options, tmp_path, number % 4 == 0)
        except ModelFileError as error:
            refused += 1
            assert isinstance(error, RasaException)
            names = [component.__name__, *(p.name for p in folder.iterdir())]
            assert any(name in str(error) for name in names)
        else:
            ask(loaded, data)
    assert EXAMPLES / 4 < refused < EXAMPLES


@every_kind
@pytest.mark.parametrize("special", ["link", "pipe", "link to a folder"])
def test_special_files_are_refused_before_they_are_opened(
    train_once, kind, special, tmp_path
):
    trained = train_once(kind, "grouped")
    folder = tmp_path / "model"
    shutil.copytree(trained.folder, folder)
    path = min(p for p in folder.iterdir() if p.name != MANIFEST)
    path.unlink()
    if special == "pipe":
        os.mkfifo(path)
    else:
        target = trained.folder if special == "link to a folder" else "/dev/zero"
        path.symlink_to(target)
    options = {**tiny_options(type(trained.component)), **trained.options}
    with time_limit(), pytest.raises(ModelFileError, match="no regular file"):
        load(type(trained.component), options, tmp_path)
