"""Weights with their connections in one safetensors file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np
import safetensors
import safetensors.numpy

from rasa_randconn.autodiff import StoredLayer
from rasa_randconn.connections import connectivity_from_arrays
from rasa_randconn.storage.errors import ModelFileError
from rasa_randconn.storage.format import FORMAT_VERSION, WEIGHTS_FORMAT

_CONNECTIONS = "connections"


def write_weights(
    path: Path,
    variables: Mapping[str, np.ndarray],
    layers: Mapping[str, StoredLayer],
) -> None:
    """Writes weights and connections, each once.

    The header lists the randomly connected layers with their facts (key `layers`), so
    that tools can show them without knowing how connections are stored.

    Args:
        path: The file to write.
        variables: Every variable by its unique path, e.g. `a/b/kernel`.
        layers: Every randomly connected layer by its path, e.g. `a/b`.
    """
    tensors = {name: np.asarray(a, order="C") for name, a in variables.items()}
    facts: List[Dict[str, Any]] = []
    for name, (connectivity, density) in layers.items():
        arrays = connectivity.to_arrays()
        for array_name, array in arrays.items():
            tensors[f"{name}/{_CONNECTIONS}/{array_name}"] = array
        own = [a for n, a in variables.items() if n.rsplit("/", 1)[0] == name]
        facts.append(
            {
                "name": name,
                "inputs": connectivity.inputs,
                "units": connectivity.units,
                "density": density,
                "pattern": connectivity.pattern,
                "connections": connectivity.count,
                "bytes": sum(a.nbytes for a in own + list(arrays.values())),
            }
        )
    metadata = {
        "format": WEIGHTS_FORMAT,
        "format_version": str(FORMAT_VERSION),
        "layers": json.dumps(facts),
    }
    safetensors.numpy.save_file(tensors, str(path), metadata=metadata)


def read_weights(
    path: Path,
) -> Tuple[Dict[str, np.ndarray], Dict[str, StoredLayer]]:
    """Reads what `write_weights` wrote.

    Returns:
        Variables and randomly connected layers by their paths.

    Raises:
        ModelFileError: If the file is missing, damaged or foreign.
    """
    try:
        with safetensors.safe_open(str(path), framework="np") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        if metadata.get("format") != WEIGHTS_FORMAT:
            raise ValueError(f"its format is '{metadata.get('format')}'")
        layers = {}
        for facts in json.loads(metadata["layers"]):
            prefix = f"{facts['name']}/{_CONNECTIONS}/"
            names = [name for name in tensors if name.startswith(prefix)]
            arrays = {name[len(prefix) :]: tensors.pop(name) for name in names}
            kernel = tensors[f"{facts['name']}/kernel"]
            layers[facts["name"]] = StoredLayer(
                connectivity_from_arrays(
                    facts["pattern"], facts["inputs"], facts["units"], arrays
                ),
                facts["density"],
            )
            if kernel.size != layers[facts["name"]].connectivity.count:
                raise ValueError(f"'{facts['name']}' has another number of weights")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"Cannot read '{path.name}': {error}") from error
    except safetensors.SafetensorError as error:
        raise ModelFileError(f"Cannot read '{path.name}': {error}") from error
    return tensors, layers
