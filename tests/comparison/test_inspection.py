from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile

import numpy as np
import pytest
from safetensors.numpy import save

from rasa_randconn import cli
from rasa_randconn.comparison import inspection
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.inspection import Layer
from rasa_randconn.storage.format import FORMAT_VERSION, WEIGHTS_FORMAT

LAYERS = [
    {
        "name": "text_encoder/layer_0/attention/query",
        "inputs": 256,
        "units": 256,
        "density": 0.2,
        "pattern": "grouped",
        "connections": 13056,
        "bytes": 52224,
    },
    {
        "name": "text_encoder/layer_0/feed_forward/inner",
        "inputs": 256,
        "units": 1024,
        "density": 0.2,
        "pattern": "unstructured",
        "connections": 52429,
        "bytes": 209716,
    },
]


def weights(layers=LAYERS, **changes):
    metadata = {
        "format": WEIGHTS_FORMAT,
        "format_version": str(FORMAT_VERSION),
        "layers": json.dumps(layers),
        **changes,
    }
    arrays = {f"{layer['name']}/kernel": np.zeros(3, np.float32) for layer in layers}
    arrays["inputs/kernel"] = np.zeros((5, 7), np.float16)
    arrays["inputs/bias"] = np.zeros(7, np.float16)
    arrays["norm/gamma"] = arrays["norm/beta"] = np.zeros(7, np.float32)
    return save(arrays, metadata=metadata)


def archive(path, members):
    with tarfile.open(str(path), "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


RESOURCE = "components/train_rasa_randconn.RandConnDIETClassifier3"
METADATA = {
    "train_schema": {
        "nodes": {
            "train_rasa_randconn.RandConnDIETClassifier3": {
                "uses": "rasa_randconn.components.diet.RandConnDIETClassifier"
            }
        }
    }
}


def model(tmp_path, content=None):
    members = {
        "metadata.json": json.dumps(METADATA).encode(),
        "components/train_CountVectorsFeaturizer2/vocabularies.json": b"{}",
        f"{RESOURCE}/RandConnDIETClassifier.weights.safetensors": (
            weights() if content is None else content
        ),
    }
    return archive(tmp_path / "model.tar.gz", members)


def test_reads_every_layer(tmp_path):
    layers = inspection.read_layers(model(tmp_path))

    names = [*(layer["name"] for layer in LAYERS), "inputs", "norm"]
    assert sorted(layer.name for layer in layers) == sorted(names)
    assert [layer.name for layer in layers if layer.is_randomly_connected] == names[:2]
    component = "RandConnDIETClassifier"
    query, *_ = layers
    assert query == Layer(component, names[0], (256, 256), 0.2, "grouped", 13056, 52224)
    assert Layer(component, "inputs", (5, 7), 1.0, "dense", 35, 84) in layers
    assert Layer(component, "norm", (7,), None, None, 0, 56) in layers


def test_command_prints_layers_and_totals(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")

    assert cli.main(["inspect", str(model(tmp_path))]) == 0

    output = capsys.readouterr().out
    assert "256 x 1024" in output
    assert "2 layers" in output
    assert "65,485" in output
    assert "261,940" in output
    assert "4 layers" in output
    assert "65,520" in output
    assert "262,080" in output


def test_same_component_twice_goes_by_its_resource(tmp_path):
    path = archive(
        tmp_path / "model.tar.gz",
        {
            "components/train_A3/a.weights.safetensors": weights(LAYERS[:1]),
            "components/train_A4/a.weights.safetensors": weights(LAYERS[:1]),
        },
    )

    layers = inspection.read_layers(path)

    sparse = [layer.component for layer in layers if layer.is_randomly_connected]
    assert sparse == ["train_A3", "train_A4"]


def test_foreign_models_are_told_apart(tmp_path):
    path = archive(
        tmp_path / "model.tar.gz",
        {"components/train_DIETClassifier3/DIETClassifier.tf_model.index": b"x"},
    )

    with pytest.raises(ComparisonError, match="holds no component of rasa_randconn"):
        inspection.read_layers(path)


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
    with pytest.raises(ComparisonError, match=message):
        inspection.read_layers(model(tmp_path, content))


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ComparisonError, match="There is no file"):
        inspection.read_layers(tmp_path / "model.tar.gz")


def test_folder_is_refused(tmp_path):
    with pytest.raises(ComparisonError, match="is a folder"):
        inspection.read_layers(tmp_path)


@pytest.mark.parametrize("content", [b"", b"just text", b"\x1f\x8b broken"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "model.tar.gz"
    path.write_bytes(content)

    with pytest.raises(ComparisonError):
        inspection.read_layers(path)


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

    with pytest.raises(ComparisonError):
        inspection.read_layers(path)


def test_command_reports_errors_without_traceback(tmp_path, capsys):
    assert cli.main(["inspect", str(tmp_path / "none.tar.gz")]) == 1

    assert "There is no file" in capsys.readouterr().err


def test_inspect_imports_neither_tensorflow_nor_rasa(tmp_path):
    code = (
        "import sys; from rasa_randconn import cli; "
        f"assert cli.main(['inspect', {str(model(tmp_path))!r}]) == 0; "
        "assert not {'tensorflow', 'rasa'} & set(sys.modules), 'imported'"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
