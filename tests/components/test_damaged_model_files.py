"""Whatever happened to a trained component's files, nothing untrained is loaded."""

from __future__ import annotations

import json
import shutil

import pytest
from data_factory import (
    STORIES,
    TINY_DIET,
    TINY_TED,
    create,
    dialogues,
    eagerly,
    files_of,
    load,
    load_diet,
    tiny_options,
    train_diet,
    train_ted,
)
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.shared.exceptions import RasaException

from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy
from rasa_randconn.storage import FORMAT_VERSION, ModelFileError

MANIFEST = "rasa_randconn.json"


@pytest.fixture
def pattern():
    return "grouped"


@pytest.fixture
def model(our_model, tmp_path):
    """A copy of a trained component's storage, and how to load it."""
    return Model(type(our_model.component), our_model, tmp_path / "copy")


@pytest.fixture(scope="module")
def stock_ted_folder(featurizers, tmp_path_factory):
    storage = tmp_path_factory.mktemp("stock_ted")
    with eagerly():
        train_ted(TEDPolicy, {}, storage, dialogues(STORIES, featurizers))
    return storage / "model"


@pytest.fixture(params=["stock_diet", "stock_ted"])
def stock_folder(request, stock_diet, stock_ted_folder):
    """The files of a component of stock."""
    return stock_diet.folder if request.param == "stock_diet" else stock_ted_folder


class Model:
    """A copy that can be damaged and loaded again and again."""

    def __init__(self, component, trained, storage):
        self.component = component
        self.name = component.__name__
        self._trained = trained
        self.storage = storage
        self.folder = storage / "model"
        self.restore()

    def restore(self):
        shutil.rmtree(self.storage, ignore_errors=True)
        shutil.copytree(self._trained.storage, self.storage)

    @property
    def weights(self):
        (path,) = self.folder.glob("*.weights.safetensors")
        return path

    def edit_manifest(self, **facts):
        path = self.folder / MANIFEST
        content = {**json.loads(path.read_text()), **facts}
        path.write_text(json.dumps(content))

    def load(self, component=None):
        options = {**tiny_options(self.component), **self._trained.options}
        return load(component or self.component, options, self.storage)

    def error(self, component=None):
        """The message of the error that loading must raise."""
        with pytest.raises(ModelFileError) as caught:
            self.load(component)
        assert isinstance(caught.value, RasaException)
        return str(caught.value)


def test_truncated_weights_are_reported(model):
    content = model.weights.read_bytes()
    for length in (0, 4, len(content) // 2, len(content) - 1):
        model.weights.write_bytes(content[:length])
        message = model.error()
        assert model.name in message
        assert model.weights.name in message
        assert "cut off" in message


def test_every_flipped_byte_of_the_weights_is_reported(model):
    content = model.weights.read_bytes()
    for position in (0, 9, len(content) // 3, len(content) - 1):
        damaged = bytearray(content)
        damaged[position] ^= 1
        model.weights.write_bytes(bytes(damaged))
        assert model.weights.name in model.error()


def test_every_edited_file_is_reported(model):
    for name in files_of(model.folder):
        if name == MANIFEST:
            continue
        model.restore()
        path = model.folder / name
        path.write_bytes(path.read_bytes() + b" ")
        message = model.error()
        assert name in message
        assert model.name in message


def test_every_missing_file_is_reported(model):
    for name in files_of(model.folder):
        model.restore()
        (model.folder / name).unlink()
        message = model.error()
        assert name in message
        assert model.name in message


def test_a_file_that_another_program_added_is_reported(model):
    (model.folder / "stranger.json").write_text("{}")
    assert "stranger.json" in model.error()


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": 1}'])
def test_an_unreadable_manifest_is_reported(model, content):
    (model.folder / MANIFEST).write_text(content)
    message = model.error()
    assert MANIFEST in message
    assert model.name in message


def test_a_manifest_that_is_no_text_is_reported(model):
    (model.folder / MANIFEST).write_bytes(b"\xff\xfe\x00")
    assert MANIFEST in model.error()


def test_a_trained_model_declared_untrained_is_reported(model):
    model.edit_manifest(is_trained=False)
    assert model.name in model.error()


def test_a_manifest_without_its_files_is_reported(model):
    model.edit_manifest(files={})
    assert model.name in model.error()


def test_a_missing_folder_is_reported(model):
    shutil.rmtree(model.folder)
    message = model.error()
    assert model.name in message
    assert "model" in message


def test_an_empty_folder_is_reported(model):
    shutil.rmtree(model.folder)
    model.folder.mkdir()
    assert "train it again" in model.error()


def test_the_files_of_a_stock_component_are_reported(model, stock_folder):
    shutil.rmtree(model.folder)
    shutil.copytree(stock_folder, model.folder)
    message = model.error()
    assert model.name in message
    assert "train it again" in message


def test_a_newer_format_asks_for_an_upgrade(model):
    version = FORMAT_VERSION + 1
    model.edit_manifest(format_version=version, package_version="99.1")
    message = model.error()
    assert "99.1" in message
    assert f"format {version}" in message
    assert "upgrade" in message


def test_an_older_format_asks_for_training(model):
    version = FORMAT_VERSION - 1
    model.edit_manifest(format_version=version, package_version="0.0.1")
    message = model.error()
    assert model.name in message
    assert f"format {version}" in message
    assert "train it again" in message


@pytest.mark.parametrize("version", ["1", None, 1.5])
def test_a_format_version_that_is_no_number_is_reported(model, version):
    model.edit_manifest(format_version=version)
    assert MANIFEST in model.error()


def test_a_foreign_format_is_reported(model):
    model.edit_manifest(format="somebody.else")
    assert "somebody.else" in model.error()


def test_files_of_another_component_are_reported(model):
    other = type("RandConnOther", (model.component,), {})
    message = model.error(other)
    assert model.name in message
    assert "RandConnOther" in message


def test_a_policy_cannot_load_a_classifier(our_diet, tmp_path):
    diet = Model(RandConnDIETClassifier, our_diet, tmp_path / "copy")
    with pytest.raises(ModelFileError, match="RandConnDIETClassifier"):
        load(RandConnTEDPolicy, TINY_TED, diet.storage)


def test_stock_loads_an_untrained_component_where_ours_raises(tmp_path):
    """The reason for our own `load` (stock catches `ValueError`)."""
    assert load(DIETClassifier, TINY_DIET, tmp_path).model is None
    with pytest.raises(ModelFileError, match="does not exist"):
        load(RandConnDIETClassifier, TINY_DIET, tmp_path)


def test_an_untrained_component_is_loaded_only_if_training_was_skipped(
    featurizers, tmp_path
):
    data = featurizers.training_data.filter_training_examples(
        lambda example: example.get("intent") == "greet"
    )
    diet = train_diet(RandConnDIETClassifier, {}, tmp_path, data)
    assert diet.model is None
    assert load_diet(RandConnDIETClassifier, {}, tmp_path).model is None


def test_a_component_never_trained_leaves_nothing_to_load(tmp_path):
    create(RandConnDIETClassifier, TINY_DIET, tmp_path)
    with pytest.raises(ModelFileError):
        load_diet(RandConnDIETClassifier, {}, tmp_path)
