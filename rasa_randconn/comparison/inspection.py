"""Reads the layers of our components out of a model archive, without running it."""

from __future__ import annotations

import json
import math
import shutil
import tarfile
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from rich.table import Table

from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.storage import ModelFileError, read_file
from rasa_randconn.storage.format import WEIGHTS_SUFFIX

_COMPONENTS = "components"
_DENSE = "dense"
_METADATA = "metadata.json"


@dataclass(frozen=True)
class Layer:
    """A layer of a trained model.

    Attributes:
        component: Class name of the component; the resource's name if it comes twice.
        name: Path of the layer within the component.
        shape: `[inputs, units]`; of layers without a kernel, that of their weights.
        density: The configured density, between 0 and 1; `None` without a kernel.
        pattern: The pattern of the connections, or `dense`; `None` without a kernel.
        connections: Number of weights, without the bias; 0 without a kernel.
        bytes: Size in the model's file, with bias and connections.
    """

    component: str
    name: str
    shape: Tuple[int, ...]
    density: Optional[float]
    pattern: Optional[str]
    connections: int
    bytes: int

    @property
    def is_randomly_connected(self) -> bool:
        """Whether its density is that of an option, and not always 1."""
        return self.pattern not in (_DENSE, None)


def read_layers(model: Path) -> List[Layer]:
    """Reads the layers of all components of this package in a model archive.

    Args:
        model: A model as `rasa train` writes it, a `.tar.gz`.

    Returns:
        The layers in the order of the archive's components: of each the randomly
        connected ones, in the order of the model, and then all others.

    Raises:
        ComparisonError: If there is no such file, it is damaged or no Rasa model, it
            holds no randomly connected component of this package, or one was written
            by a newer version of it.
    """
    if not model.exists():
        raise ComparisonError(f"There is no file '{model}'.")
    if model.is_dir():
        raise ComparisonError(f"'{model}' is a folder; give the model's .tar.gz file.")
    if not model.is_file():
        raise ComparisonError(f"'{model}' is no regular file.")
    layers: List[Layer] = []
    with tempfile.TemporaryDirectory() as scratch:
        resources, classes = _extract(model, Path(scratch))
        if not resources:
            raise ComparisonError(
                f"The model '{model}' holds no component of rasa_randconn."
            )
        names = _component_names(list(resources), classes)
        for resource, files in resources.items():
            for file in files:
                layers += _read_weights(file, names[resource], model)
    return layers


def terminal_table(layers: Sequence[Layer]) -> Table:
    """Makes a table of layers with totals.

    Args:
        layers: The layers of a model.

    Returns:
        A table for a `rich` console.
    """
    table = Table()
    for title in ("component", "layer"):
        table.add_column(title, overflow="fold")
    table.add_column("shape", justify="right", no_wrap=True)
    table.add_column("density", justify="right")
    table.add_column("pattern")
    for title in ("connections", "bytes"):
        table.add_column(title, justify="right", no_wrap=True)
    previous = None
    for index, layer in enumerate(layers):
        following = layers[index + 1].component if index + 1 < len(layers) else None
        table.add_row(
            layer.component if layer.component != previous else "",
            layer.name,
            " x ".join(map(str, layer.shape)),
            "" if layer.density is None else f"{layer.density:g}",
            layer.pattern,
            f"{layer.connections:,}",
            f"{layer.bytes:,}",
            end_section=layer.component != following,
        )
        previous = layer.component
    sparse = [layer for layer in layers if layer.is_randomly_connected]
    connections = sum(layer.connections for layer in sparse)
    dense = sum(math.prod(layer.shape) for layer in sparse)
    table.add_row(
        "randomly connected",
        f"{len(sparse)} layers",
        f"{dense:,}",
        f"{connections / dense:.3f}" if dense else "",
        "",
        f"{connections:,}",
        f"{sum(layer.bytes for layer in sparse):,}",
        style="bold",
    )
    table.add_row(
        "all",
        f"{len(layers)} layers",
        *("", "", ""),
        f"{sum(layer.connections for layer in layers):,}",
        f"{sum(layer.bytes for layer in layers):,}",
        style="bold",
    )
    return table


@contextmanager
def _readable(model: Path) -> Iterator[None]:
    """Turns the many ways in which an archive can be damaged into one."""
    try:
        yield
    except tarfile.ReadError as error:
        raise ComparisonError(
            f"'{model}' is no .tar.gz archive, or it is damaged: {error}."
        ) from error
    except (EOFError, zlib.error) as error:
        raise ComparisonError(f"'{model}' is cut off or damaged: {error}.") from error
    except OSError as error:
        raise ComparisonError(f"Cannot read '{model}': {error}.") from error


def _extract(
    model: Path, scratch: Path
) -> Tuple[Dict[str, List[Path]], Dict[str, str]]:
    resources: Dict[str, List[Path]] = {}
    classes: Dict[str, str] = {}
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
        raise ComparisonError(
            f"The weights file of '{component}' in '{model}' {error}."
        ) from error
    layers = [
        Layer(
            component=component,
            name=layer.name,
            shape=(layer.inputs, layer.units),
            density=layer.density,
            pattern=layer.pattern,
            connections=layer.connections,
            bytes=layer.bytes,
        )
        for layer in facts
    ]
    return layers + _other_layers(component, arrays, [layer.name for layer in layers])


def _other_layers(
    component: str, arrays: Mapping[str, np.ndarray], listed: Sequence[str]
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
                component=component,
                name=name,
                shape=largest.shape,
                density=None if kernel is None else 1.0,
                pattern=None if kernel is None else _DENSE,
                connections=0 if kernel is None else kernel.size,
                bytes=sum(array.nbytes for array in variables.values()),
            )
        )
    return layers
