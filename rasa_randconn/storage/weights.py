"""Weights with their connections in one safetensors file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

import numpy as np
import safetensors
import safetensors.numpy

from rasa_randconn.autodiff import StoredLayer
from rasa_randconn.connections import connectivity_from_arrays
from rasa_randconn.storage.errors import ModelFileError
from rasa_randconn.storage.format import FORMAT_VERSION, WEIGHTS_FORMAT

_CONNECTIONS = "connections"

# Types of the facts in a header that are not whole numbers.
_FACT_TYPES = {"name": (str,), "pattern": (str,), "density": (int, float)}


@dataclass(frozen=True)
class LayerFacts:
    """What a file's header says about a randomly connected layer.

    Attributes:
        name: Path of the layer.
        inputs: Number of inputs.
        units: Number of outputs.
        density: The configured density, in [0, 1].
        pattern: The pattern of its connections.
        connections: Number of connections.
        bytes: Size of its weights and connections in the file.
    """

    name: str
    inputs: int
    units: int
    density: float
    pattern: str
    connections: int
    bytes: int

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> LayerFacts:
        """Reads an entry of the header.

        Raises:
            KeyError: If a fact is missing.
            TypeError: If the entry is no mapping, or a fact has another type.
        """
        values = {name: facts[name] for name in cls.__annotations__}
        for name, value in values.items():
            allowed = _FACT_TYPES.get(name, (int,))
            if not isinstance(value, allowed) or isinstance(value, bool):
                raise TypeError(f"'{name}' is {value!r}")
        return cls(**values)


class WeightsFile(NamedTuple):
    """Everything that a file holds.

    Attributes:
        layers: Facts about the randomly connected layers.
        tensors: Weights, and the arrays of connections, by name.
    """

    layers: List[LayerFacts]
    tensors: Dict[str, np.ndarray]


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
    facts: List[LayerFacts] = []
    for name, (connectivity, density) in layers.items():
        arrays = connectivity.to_arrays()
        for array_name, array in arrays.items():
            tensors[f"{name}/{_CONNECTIONS}/{array_name}"] = array
        weights = [a for n, a in variables.items() if n.rsplit("/", 1)[0] == name]
        facts.append(
            LayerFacts(
                name=name,
                inputs=connectivity.inputs,
                units=connectivity.units,
                density=density,
                pattern=connectivity.pattern,
                connections=connectivity.count,
                bytes=sum(array.nbytes for array in [*weights, *arrays.values()]),
            )
        )
    metadata = {
        "format": WEIGHTS_FORMAT,
        "format_version": str(FORMAT_VERSION),
        "layers": json.dumps([asdict(layer) for layer in facts]),
    }
    safetensors.numpy.save_file(tensors, str(path), metadata=metadata)


def read_file(path: Path) -> WeightsFile:
    """Reads a file as it is, without building connections.

    Raises:
        ModelFileError: If it is missing, damaged, foreign or of a newer format. The
            message is a sentence without its full stop that starts with a verb, e.g.
            `has the format 'other' instead of 'rasa_randconn.weights'`.
    """
    try:
        with safetensors.safe_open(str(path), framework="np") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (OSError, safetensors.SafetensorError) as error:
        raise ModelFileError(f"is damaged: {error}") from error
    if metadata.get("format") != WEIGHTS_FORMAT:
        raise ModelFileError(
            f"has the format {metadata.get('format')!r} instead of {WEIGHTS_FORMAT!r}"
        )
    version = metadata.get("format_version", "")
    if version.isdigit() and int(version) > FORMAT_VERSION:
        raise ModelFileError(
            f"has the format version {version}, but this version of rasa_randconn "
            f"reads versions up to {FORMAT_VERSION}; upgrade it"
        )
    try:
        layers = [
            LayerFacts.from_json(facts) for facts in json.loads(metadata["layers"])
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"has no readable list of layers: {error!r}") from error
    return WeightsFile(layers, tensors)


def read_weights(
    path: Path,
) -> Tuple[Dict[str, np.ndarray], Dict[str, StoredLayer]]:
    """Reads what `write_weights` wrote.

    Returns:
        Variables and randomly connected layers by their paths.

    Raises:
        ModelFileError: If the file is missing, damaged or foreign, or has weights that
            are not finite.
    """
    try:
        facts, tensors = read_file(path)
        layers = {}
        for layer in facts:
            prefix = f"{layer.name}/{_CONNECTIONS}/"
            names = [name for name in tensors if name.startswith(prefix)]
            arrays = {name[len(prefix) :]: tensors.pop(name) for name in names}
            kernel = tensors[f"{layer.name}/kernel"]
            try:
                connectivity = connectivity_from_arrays(
                    layer.pattern, layer.inputs, layer.units, kernel.size, arrays
                )
            except ValueError as error:
                raise ValueError(f"'{layer.name}': {error}") from error
            layers[layer.name] = StoredLayer(connectivity, layer.density)
    except ModelFileError as error:
        raise ModelFileError(f"'{path.name}' {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"Cannot read '{path.name}': {error}") from error
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise ModelFileError(
                f"'{path.name}' has weights that are not finite: {name}"
            )
    return tensors, layers
