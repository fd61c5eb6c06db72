"""All weights of a layer and its sublayers in one flat array."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np

from rasa_randconn.autodiff import Parameter
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

    Weights lie in the order of their creation.

    Attributes:
        size: Number of all weights.
        by_layer: The weights.
    """

    def __init__(self, root: Layer) -> None:
        """Moves the weights of a layer into one flat array, of which they are views."""
        self._layers = list(dict.fromkeys(root.walk()))
        self._slices: Dict[Parameter, slice] = {}
        self.size = 0
        for layer in self._layers:
            for parameter in layer.own_parameters():
                end = self.size + parameter.array.size
                self._slices[parameter] = slice(self.size, end)
                self.size = end
        flat = np.empty(self.size, np.float32)
        for parameter, part in self._slices.items():
            flat[part] = parameter.array.ravel()
            parameter.array = flat[part].reshape(parameter.array.shape)
        self.by_layer = self.views(flat)

    def views(self, flat: np.ndarray) -> Weights:
        """Views of a flat array `[size]`, for every layer with weights of its own."""

        def part_of(parameter: Parameter) -> np.ndarray:
            return flat[self._slices[parameter]].reshape(parameter.array.shape)

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
            parameter.add_gradient(flat[part].reshape(parameter.array.shape))

    @property
    def parameters(self) -> List[Parameter]:
        """All weights, in the order in which they lie in a flat array."""
        return list(self._slices)
