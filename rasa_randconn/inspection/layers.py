"""Layers of a trained model, grouped by component and summed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Optional, Sequence, Tuple

#: Stands in the place of a pattern for layers that are always dense.
DENSE = "dense"


@dataclass(frozen=True)
class Layer:
    """A layer of a trained model.

    Attributes:
        name: Path of the layer within the component.
        shape: `[inputs, units]`; of layers without a kernel, that of their weights.
        density: The configured density, between 0 and 1; `None` without a kernel.
        pattern: The pattern of the connections, or `dense`; `None` without a kernel.
        connections: Size of the kernel; 0 without a kernel.
        weights: Number of all weights, with the bias.
        bytes: Size in the model's file, with bias and connections.
    """

    name: str
    shape: Tuple[int, ...]
    density: Optional[float]
    pattern: Optional[str]
    connections: int
    weights: int
    bytes: int

    @property
    def is_randomly_connected(self) -> bool:
        """Whether its density is that of an option, and not always 1."""
        return self.pattern not in (DENSE, None)


@dataclass(frozen=True)
class Component:
    """A component of this package in a trained model.

    Attributes:
        name: Its class; if the model has several of this class, its resource.
        layers: First the randomly connected ones, in the order of the model, then all
            others.
    """

    name: str
    layers: Sequence[Layer]

    @property
    def patterns(self) -> Sequence[str]:
        """The patterns of its connections; only one, unless the file was changed."""
        random = [layer for layer in self.layers if layer.is_randomly_connected]
        return list(dict.fromkeys(str(layer.pattern) for layer in random))


@dataclass(frozen=True)
class Totals:
    """Sums over layers.

    Attributes:
        layers: Number of layers.
        connections: Size of their kernels.
        weights: Number of all weights, with biases.
        bytes: Size in the model's files.
    """

    layers: int
    connections: int
    weights: int
    bytes: int


def totals(layers: Iterable[Layer]) -> Totals:
    """Sums up layers."""
    counted = list(layers)
    return Totals(
        layers=len(counted),
        connections=sum(layer.connections for layer in counted),
        weights=sum(layer.weights for layer in counted),
        bytes=sum(layer.bytes for layer in counted),
    )


def randomly_connected(layers: Iterable[Layer]) -> Totals:
    """Sums up those layers that are randomly connected."""
    return totals(layer for layer in layers if layer.is_randomly_connected)


def share_of_weights(layers: Iterable[Layer]) -> float:
    """The fraction of all weights that are in randomly connected layers, in [0, 1]."""
    counted = list(layers)
    return randomly_connected(counted).weights / max(totals(counted).weights, 1)
