"""Products of activations with the packed kernel of a layer."""

from __future__ import annotations

import math
from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np

from rasa_randconn.connections import Connectivity, GroupedConnectivity
from rasa_randconn.kernels import grouped_products


class Groups(NamedTuple):
    """Groups of units with the same number of inputs.

    Attributes:
        kernel: `[groups, fan_in, units_per_group]`.
        indices: Inputs of every group `[groups, fan_in]`.
    """

    kernel: np.ndarray
    indices: np.ndarray


class LayerKernel(NamedTuple):
    """Kernel of a layer as kernels need it: equal groups, and those that are left.

    Attributes:
        equal: Groups of the same size.
        left: Groups of another size, for sizes that do not divide; often none.
    """

    equal: Groups
    left: Groups


class PackedProduct:
    """What the connections of one layer mean for its packed kernel.

    A dense layer is one group. Unstructured connections have no groups: their kernel is
    spread out for the product, so they save storage but no time.

    Attributes:
        connectivity: The connections.
        size: Number of weights that are multiplied.
        is_spread: Whether the packed kernel is spread out for the product.
        shapes: Shapes of the equal groups, and of those that are left.
        indices: Inputs of these groups `[groups, fan_in]`.
    """

    def __init__(self, connectivity: Connectivity) -> None:
        """Prepares the product for the connections of a layer.

        Raises:
            ValueError: If there are groups of more than two sizes; none are drawn.
        """
        self.connectivity = connectivity
        if isinstance(connectivity, GroupedConnectivity):
            self.is_spread = False
            shapes = [
                (block.groups, block.fan_in, block.units_per_group)
                for block in connectivity.blocks
            ]
            indices = [block.input_indices for block in connectivity.blocks]
        else:
            self.is_spread = not connectivity.is_dense
            shapes = [(1, connectivity.inputs, connectivity.units)]
            indices = [np.arange(connectivity.inputs)[np.newaxis]]
        if len(shapes) > 2:
            raise ValueError(f"Groups have at most 2 sizes, not {len(shapes)}.")
        shapes += [(0, 0, 0)] * (2 - len(shapes))
        indices += [np.empty((0, 0))] * (2 - len(indices))
        self.shapes = shapes
        self._border = math.prod(shapes[0])
        self.size = self._border + math.prod(shapes[1])
        self.indices = [array.astype(np.int64) for array in indices]

    def multiplied(self, kernel: np.ndarray) -> np.ndarray:
        """Weights that are multiplied `[size]`, from the packed kernel `[count]`."""
        return self.connectivity.unpack(kernel).ravel() if self.is_spread else kernel

    def put(self, kernel: np.ndarray, multiplied: np.ndarray) -> None:
        """Puts these weights into an array `[size]`."""
        if self.is_spread:
            shape = (self.connectivity.inputs, self.connectivity.units)
            self.connectivity.unpack_into(kernel, multiplied.reshape(shape))
        else:
            multiplied[...] = kernel

    def packed(self, multiplied: np.ndarray) -> np.ndarray:
        """The reverse of `multiplied`."""
        if not self.is_spread:
            return multiplied
        shape = (self.connectivity.inputs, self.connectivity.units)
        return self.connectivity.pack(multiplied.reshape(shape))

    def layer_kernel(self, multiplied: np.ndarray) -> LayerKernel:
        """Views of weights `[size]`, or of room for their gradients."""
        parts = (multiplied[: self._border], multiplied[self._border :])
        equal, left = (
            Groups(part.reshape(shape), indices)
            for part, shape, indices in zip(parts, self.shapes, self.indices)
        )
        return LayerKernel(equal, left)


class JoinedProduct:
    """One product in the place of several with the same inputs and sizes of groups."""

    def __init__(self, shape: Tuple[int, int, int], indices: np.ndarray) -> None:
        """Takes what the groups of all have in common.

        Args:
            shape: Groups of all, fan-in and units per group.
            indices: Inputs of every group `[groups, fan_in]`.
        """
        self._shape = shape
        self._indices = indices

    @staticmethod
    def of(products: Sequence[PackedProduct]) -> Optional[JoinedProduct]:
        """Joins products, or returns `None` where that is not possible."""
        equal, left = products[0].shapes
        if left[0] or any(p.shapes != products[0].shapes for p in products):
            return None
        indices = np.concatenate([product.indices[0] for product in products])
        return JoinedProduct((len(indices), equal[1], equal[2]), indices)

    def layer_kernel(self, multiplied: np.ndarray) -> LayerKernel:
        """Views of the weights of all, one after the other (see `PackedProduct`)."""
        nothing = Groups(np.empty((0, 0, 0), np.float32), np.empty((0, 0), np.int64))
        return LayerKernel(
            Groups(multiplied.reshape(self._shape), self._indices), nothing
        )


def multiply(layer: LayerKernel, features: np.ndarray, outputs: np.ndarray) -> None:
    """Computes a layer's product.

    Args:
        layer: Kernel of the layer.
        features: Activations `[inputs, tokens]`.
        outputs: Gets the activations `[units, tokens]`.
    """
    border = layer.equal.kernel.shape[0] * layer.equal.kernel.shape[2]
    grouped_products.multiply(
        layer.equal.kernel, layer.equal.indices, features, outputs[:border]
    )
    if len(layer.left.indices):
        grouped_products.multiply(
            layer.left.kernel, layer.left.indices, features, outputs[border:]
        )


def multiply_backward(
    layer: LayerKernel,
    features: np.ndarray,
    gradients: np.ndarray,
    layer_gradient: LayerKernel,
    feature_gradients: np.ndarray,
) -> None:
    """Computes the gradients of `multiply`.

    Args:
        layer: Kernel of the layer.
        features: Activations `[inputs, tokens]`.
        gradients: Gradients of the outputs `[units, tokens]`.
        layer_gradient: Gets the gradient of the kernel.
        feature_gradients: The gradients of the features are added to these.
    """
    border = layer.equal.kernel.shape[0] * layer.equal.kernel.shape[2]
    _groups_backward(
        layer.equal,
        features,
        gradients[:border],
        layer_gradient.equal,
        feature_gradients,
    )
    if len(layer.left.indices):
        _groups_backward(
            layer.left,
            features,
            gradients[border:],
            layer_gradient.left,
            feature_gradients,
        )


def _groups_backward(
    groups: Groups,
    features: np.ndarray,
    gradients: np.ndarray,
    groups_gradient: Groups,
    feature_gradients: np.ndarray,
) -> None:
    grouped_products.kernel_gradient(
        features, groups.indices, gradients, groups_gradient.kernel
    )
    grouped_products.multiply_backward(
        groups.kernel, groups.indices, gradients, feature_gradients
    )
