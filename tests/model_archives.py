"""Archives like those that Rasa writes, without a training."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
from safetensors.numpy import save

from rasa_randconn.storage.format import FORMAT_VERSION, WEIGHTS_FORMAT

LAYERS = [
    {
        "name": "text_encoder/layer_0/attention/query",
        "inputs": 256,
        "units": 256,
        "density": 0.2,
        "pattern": "grouped",
        "connections": 13056,
        "bytes": 53248,
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
    arrays[f"{layers[0]['name']}/bias"] = np.zeros(256, np.float32)
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
