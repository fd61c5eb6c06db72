"""Reads the layers of our components out of a model archive, without running it."""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from rasa_randconn.inspection.errors import InspectionError
from rasa_randconn.inspection.layers import DENSE, Component, Layer
from rasa_randconn.storage import LayerFacts, ModelFileError, read_file
from rasa_randconn.storage.format import WEIGHTS_SUFFIX

_COMPONENTS = "components"
_METADATA = "metadata.json"


def read_components(model: Path) -> List[Component]:
    """Reads the layers of all components of this package in a model archive.

    Args:
        model: A model as `rasa train` writes it, a `.tar.gz`.

    Returns:
        The components, in the order of the archive.

    Raises:
        InspectionError: If there is no such file, it is damaged or no Rasa model, it
            holds no randomly connected component of this package, or one was written
            by a newer version of it.
    """
    if not model.exists():
        raise InspectionError(f"There is no file '{model}'.")
    if model.is_dir():
        raise InspectionError(f"'{model}' is a folder; give the model's .tar.gz file.")
    if not model.is_file():
        raise InspectionError(f"'{model}' is no regular file.")
    with tempfile.TemporaryDirectory() as scratch:
        resources, classes = _extract(model, Path(scratch))
        if not resources and classes is None:
            raise InspectionError(
                f"'{model}' is no model of Rasa's: there is no {_METADATA} in it."
            )
        if not resources:
            raise InspectionError(
                f"The model '{model}' holds no component of rasa_randconn."
            )
        names = _component_names(list(resources), classes or {})
        return [
            Component(
                names[resource],
                [
                    layer
                    for file in files
                    for layer in _read_weights(file, names[resource], model)
                ],
            )
            for resource, files in resources.items()
        ]


@contextmanager
def _readable(model: Path) -> Iterator[None]:
    """Turns the many ways in which an archive can be damaged into one."""
    try:
        yield
    except tarfile.ReadError as error:
        raise InspectionError(
            f"'{model}' is no .tar.gz archive, or it is damaged: {_one_line(error)}."
        ) from error
    except (EOFError, zlib.error) as error:
        raise InspectionError(
            f"'{model}' is cut off or damaged: {_one_line(error)}."
        ) from error
    except OSError as error:
        raise InspectionError(f"Cannot read '{model}': {_one_line(error)}.") from error


def _extract(
    model: Path, scratch: Path
) -> Tuple[Dict[str, List[Path]], Optional[Dict[str, str]]]:
    """Copies weights into a folder.

    Returns:
        The files with weights of each resource, and the class names of resources;
        `None` if the archive has no metadata.
    """
    resources: Dict[str, List[Path]] = {}
    classes: Optional[Dict[str, str]] = None
    with _readable(model), tarfile.open(str(model), "r:gz") as archive:
        for member in archive:
            parts = PurePosixPath(member.name).parts
            if not member.isfile():
                continue
            content = archive.extractfile(member)
            if content is None:
                continue
            if parts == (_METADATA,):
                classes = _classes(content)
            elif (
                len(parts) > 2
                and parts[0] == _COMPONENTS
                and parts[-1].endswith(WEIGHTS_SUFFIX)
            ):
                files = resources.setdefault(parts[1], [])
                count = sum(map(len, resources.values()))
                target = scratch / f"{count}{WEIGHTS_SUFFIX}"
                with open(target, "wb") as file:
                    shutil.copyfileobj(content, file)
                files.append(target)
    return resources, classes


def _classes(content: IO[bytes]) -> Dict[str, str]:
    """Finds the class names of resources in the archive's metadata, if it can."""
    try:
        nodes = json.loads(content.read())["train_schema"]["nodes"]
        return {
            name: node["uses"].rpartition(".")[2]
            for name, node in nodes.items()
            if isinstance(node.get("uses"), str)
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _component_names(
    resources: Sequence[str], classes: Mapping[str, str]
) -> Dict[str, str]:
    named = {resource: classes.get(resource, resource) for resource in resources}
    names = list(named.values())
    return {
        resource: name if names.count(name) == 1 else resource
        for resource, name in named.items()
    }


def _read_weights(file: Path, component: str, model: Path) -> List[Layer]:
    try:
        facts, arrays = read_file(file)
    except ModelFileError as error:
        raise InspectionError(
            f"The weights file of '{component}' in '{model}' {_one_line(error)}."
        ) from error
    layers = [_listed_layer(layer, arrays) for layer in facts]
    return layers + _other_layers(arrays, [layer.name for layer in layers])


def _listed_layer(layer: LayerFacts, arrays: Mapping[str, np.ndarray]) -> Layer:
    beside_kernel = (
        array.size
        for path, array in arrays.items()
        if path.rpartition("/")[0] == layer.name and path != f"{layer.name}/kernel"
    )
    return Layer(
        name=layer.name,
        shape=(layer.inputs, layer.units),
        density=layer.density,
        pattern=layer.pattern,
        connections=layer.connections,
        weights=layer.connections + sum(beside_kernel),
        bytes=layer.bytes,
    )


def _other_layers(
    arrays: Mapping[str, np.ndarray], listed: Sequence[str]
) -> List[Layer]:
    """The layers that the file does not list, made up of the arrays that they share."""
    own: Dict[str, Dict[str, np.ndarray]] = {}
    for path, array in arrays.items():
        name, _, variable = path.rpartition("/")
        if not any(f"{name}/".startswith(f"{layer}/") for layer in listed):
            own.setdefault(name or variable, {})[variable] = array
    layers = []
    for name, variables in own.items():
        kernel = variables.get("kernel")
        largest = max(variables.values(), key=np.size) if kernel is None else kernel
        layers.append(
            Layer(
                name=name,
                shape=largest.shape,
                density=None if kernel is None else 1.0,
                pattern=None if kernel is None else DENSE,
                connections=0 if kernel is None else kernel.size,
                weights=sum(array.size for array in variables.values()),
                bytes=sum(array.nbytes for array in variables.values()),
            )
        )
    return layers


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
