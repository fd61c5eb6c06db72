"""All weights of a layer and its sublayers in one flat array."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import numpy as np

from rasa_randconn.autodiff import KernelParameter, Parameter
from rasa_randconn.nn.layer import Layer, ViewsT


class Weights:
    """Weights of layers, or their gradients: views of one flat array, by layer."""

    def __init__(self, by_layer: Dict[Layer, Any]) -> None:
        """Wraps the views."""
        self._by_layer = by_layer

    def __getitem__(self, layer: Layer[ViewsT]) -> ViewsT:
        """The views of one layer."""
        views: ViewsT = self._by_layer[layer]
        return views


class FlatWeights:
    """Finds the weights of a layer and its sublayers, and where each lies in an array.

    Weights are stored in the order of their creation, packed kernels as the weights of
    their blocks (see `Connectivity.to_blocks`).

    Attributes:
        size: Number of all weights.
    """

    def __init__(self, root: Layer) -> None:
        """Walks through a layer.

        The weights move into one flat array, of which they become views, unless a
        kernel is stored differently from its blocks.
        """
        self._layers = list(dict.fromkeys(root.walk()))
        self._slices: Dict[Parameter, slice] = {}
        self.size = 0
        for layer in self._layers:
            for parameter in layer.own_parameters():
                end = self.size + _flat_size(parameter)
                self._slices[parameter] = slice(self.size, end)
                self.size = end
        self._views: Optional[Weights] = None
        if all(_is_stored_flat(parameter) for parameter in self._slices):
            flat = self._gathered()
            for parameter, part in self._slices.items():
                parameter.array = flat[part].reshape(parameter.array.shape)
            self._views = self.views(flat)

    @property
    def are_views(self) -> bool:
        """Whether the weights lie in one flat array, now and in all passes to come."""
        return self._views is not None

    def current(self) -> Weights:
        """The weights as they are now, for one pass."""
        return self._views or self.views(self._gathered())

    def views(self, flat: np.ndarray) -> Weights:
        """Views of a flat array `[size]`, for every layer with weights of its own."""

        def part_of(*parameters: Parameter) -> np.ndarray:
            parts = [self._slices[parameter] for parameter in parameters]
            for one, other in zip(parts, parts[1:]):
                assert one.stop == other.start, "only neighbours have a common part"
            array = flat[parts[0].start : parts[-1].stop]
            if len(parameters) > 1 or isinstance(parameters[0], KernelParameter):
                return array
            return array.reshape(parameters[0].array.shape)

        return Weights(
            {
                layer: layer.views(part_of)
                for layer in self._layers
                if type(layer).views is not Layer.views
            }
        )

    def add_gradients(self, flat: np.ndarray) -> None:
        """Adds gradients `[size]` to those of the parameters.

        The caller must not change the array afterwards.
        """
        for parameter, part in self._slices.items():
            gradient = flat[part]
            if isinstance(parameter, KernelParameter):
                gradient = parameter.connectivity.from_blocks(gradient)
            else:
                gradient = gradient.reshape(parameter.array.shape)
            parameter.add_gradient(gradient)

    @property
    def parameters(self) -> List[Parameter]:
        """All weights, in the order in which they lie in a flat array."""
        return list(self._slices)

    def _gathered(self) -> np.ndarray:
        flat = np.empty(self.size, np.float32)
        for parameter, part in self._slices.items():
            if isinstance(parameter, KernelParameter):
                parameter.connectivity.to_blocks(parameter.array, flat[part])
            else:
                flat[part] = parameter.array.ravel()
        return flat


def _flat_size(parameter: Parameter) -> int:
    if isinstance(parameter, KernelParameter):
        return parameter.connectivity.block_weight_count
    return parameter.array.size


def _is_stored_flat(parameter: Parameter) -> bool:
    if isinstance(parameter, KernelParameter):
        return parameter.connectivity.is_stored_in_blocks
    return True
