from __future__ import annotations

import json

import numpy as np
import pytest
from model_archives import LAYERS, METADATA, RESOURCE, archive, model, weights

from rasa_randconn.inspection import InspectionError, Layer, read_components
from rasa_randconn.storage.format import FORMAT_VERSION


def test_reads_every_layer(tmp_path):
    (component,) = read_components(model(tmp_path))
    layers = component.layers

    assert component.name == "RandConnDIETClassifier"
    assert list(component.patterns) == ["grouped", "unstructured"]
    names = [*(layer["name"] for layer in LAYERS), "inputs", "norm"]
    assert sorted(layer.name for layer in layers) == sorted(names)
    assert [layer.name for layer in layers if layer.is_randomly_connected] == names[:2]
    query, *_ = layers
    assert query == Layer(names[0], (256, 256), 0.2, "grouped", 13056, 13312, 53248)
    assert Layer("inputs", (5, 7), 1.0, "dense", 35, 42, 84) in layers
    assert Layer("norm", (7,), None, None, 0, 14, 56) in layers


def test_same_component_twice_goes_by_its_resource(tmp_path):
    path = archive(
        tmp_path / "model.tar.gz",
        {
            "components/train_A3/a.weights.safetensors": weights(LAYERS[:1]),
            "components/train_A4/a.weights.safetensors": weights(LAYERS[:1]),
        },
    )

    names = [component.name for component in read_components(path)]
    assert names == ["train_A3", "train_A4"]


def test_foreign_models_are_told_apart(tmp_path):
    path = archive(
        tmp_path / "model.tar.gz",
        {
            "metadata.json": json.dumps(METADATA).encode(),
            "components/train_DIETClassifier3/DIETClassifier.tf_model.index": b"x",
        },
    )

    with pytest.raises(InspectionError, match="holds no component of rasa_randconn"):
        read_components(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (weights(format_version=str(FORMAT_VERSION + 1)), "upgrade it"),
        (weights(format="other"), "instead of 'rasa_randconn.weights'"),
        (weights(layers=[{"name": "x"}]), "no readable list of layers"),
        (weights()[:-5], "damaged"),
        (weights()[:20], "damaged"),
        (b"", "damaged"),
    ],
    ids=["newer", "foreign", "unlisted", "cut off", "header cut off", "empty"],
)
def test_damaged_weights_are_refused(tmp_path, content, message):
    with pytest.raises(InspectionError, match=message):
        read_components(model(tmp_path, content))


def test_an_archive_that_is_no_model_is_told_apart(tmp_path):
    path = archive(tmp_path / "photos.tar.gz", {"photo.png": b"x"})

    with pytest.raises(InspectionError, match="is no model of Rasa's"):
        read_components(path)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(InspectionError, match="There is no file"):
        read_components(tmp_path / "model.tar.gz")


def test_folder_is_refused(tmp_path):
    with pytest.raises(InspectionError, match="is a folder"):
        read_components(tmp_path)


@pytest.mark.parametrize("content", [b"", b"just text", b"\x1f\x8b broken"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "model.tar.gz"
    path.write_bytes(content)

    with pytest.raises(InspectionError) as error:
        read_components(path)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_archive_is_refused(tmp_path, share):
    rng = np.random.default_rng(0)
    path = archive(
        tmp_path / "model.tar.gz",
        {
            f"{RESOURCE}/a.weights.safetensors": weights(),
            f"{RESOURCE}/noise": rng.bytes(100_000),
        },
    )
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(InspectionError):
        read_components(path)
