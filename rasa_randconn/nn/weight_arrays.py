"""The weights of an encoder as the arrays that a pass takes."""

from __future__ import annotations

import math
from typing import Dict, List, Mapping, NamedTuple, Tuple

import numpy as np

from rasa_randconn.kernels import JoinedProduct, LayerKernel, PackedProduct
from rasa_randconn.nn.encoder_settings import EncoderSettings

#: The layers of attention that read the same activations.
PROJECTIONS = ("query", "key", "value")

_NO_EMBEDDINGS = np.empty((0, 0, 0), np.float32)


class NormalizationArrays(NamedTuple):
    """Weights of a layer normalisation, or their gradients; `[units]`."""

    gamma: np.ndarray
    beta: np.ndarray


class LayerArrays(NamedTuple):
    """Weights of one encoder layer, or their gradients.

    `projections` are the kernels of query, key and value: one of all, or three.
    Relative embeddings are `[heads, distances, depth]`, with one head if all share
    them, without heads if there are none.
    """

    attention_norm: NormalizationArrays
    projections: Tuple[LayerKernel, ...]
    output: LayerKernel
    output_bias: np.ndarray
    key_embeddings: np.ndarray
    value_embeddings: np.ndarray
    feed_forward_norm: NormalizationArrays
    feed_forward_in: LayerKernel
    feed_forward_in_bias: np.ndarray
    feed_forward_out: LayerKernel
    feed_forward_out_bias: np.ndarray


class EncoderArrays(NamedTuple):
    """Weights of the whole encoder, or their gradients."""

    embedding: LayerKernel
    embedding_bias: np.ndarray
    layers: Tuple[LayerArrays, ...]
    norm: NormalizationArrays


class WeightLayout:
    """Where each weight of an encoder lies among all of them.

    Attributes:
        inputs: Number of inputs of the encoder.
        size: Number of all weights, as they are multiplied.
    """

    def __init__(
        self,
        settings: EncoderSettings,
        products: Mapping[str, PackedProduct],
        shapes: Mapping[str, Tuple[int, ...]],
    ) -> None:
        """Lays out the weights.

        Args:
            settings: Shape and options of the encoder.
            products: Products with the packed kernels, by path of their layer.
            shapes: Shapes of all weights by path.
        """
        self._settings = settings
        self.inputs = products["embedding"].connectivity.inputs
        self._products = {f"{path}/kernel": p for path, p in products.items()}
        self.size = 0
        self._places: Dict[str, Tuple[slice, Tuple[int, ...]]] = {}
        for name, shape in shapes.items():
            if name in self._products:
                shape = (self._products[name].size,)
            end = self.size + math.prod(shape)
            self._places[name] = slice(self.size, end), shape
            self.size = end
        self._joined: Dict[str, Tuple[slice, JoinedProduct]] = {}
        for i in range(settings.layers):
            self._join_projections(f"layer_{i}/attention")

    def flat(self, weights: Mapping[str, np.ndarray]) -> np.ndarray:
        """All weights `[size]`, from weights by path with packed kernels."""
        result = np.empty(self.size, np.float32)
        for name, array in self.cut(result).items():
            if name in self._products:
                self._products[name].put(weights[name], array)
            else:
                array[...] = weights[name]
        return result

    def cut(self, flat: np.ndarray) -> Dict[str, np.ndarray]:
        """Every weight by its path, as a view of an array `[size]`."""
        return {
            name: flat[span].reshape(shape)
            for name, (span, shape) in self._places.items()
        }

    def by_path(self, flat: np.ndarray) -> Dict[str, np.ndarray]:
        """Gradients by path, kernels packed, from an array `[size]`."""
        return {
            name: self._products[name].packed(array)
            if name in self._products
            else array
            for name, array in self.cut(flat).items()
        }

    def views(self, flat: np.ndarray) -> EncoderArrays:
        """What kernels take, as views of an array `[size]`."""
        arrays = self.cut(flat)

        def kernel(path: str) -> LayerKernel:
            name = f"{path}/kernel"
            return self._products[name].layer_kernel(arrays[name])

        def projections(attention: str) -> Tuple[LayerKernel, ...]:
            if attention not in self._joined:
                return tuple(kernel(f"{attention}/{name}") for name in PROJECTIONS)
            span, product = self._joined[attention]
            return (product.layer_kernel(flat[span]),)

        def norm(path: str) -> NormalizationArrays:
            return NormalizationArrays(arrays[f"{path}/gamma"], arrays[f"{path}/beta"])

        def embeddings(path: str) -> np.ndarray:
            array = arrays.get(path)
            if array is None:
                return _NO_EMBEDDINGS
            return array.reshape(-1, *array.shape[-2:])

        layers: List[LayerArrays] = []
        for i in range(self._settings.layers):
            layer = f"layer_{i}"
            attention = f"{layer}/attention"
            layers.append(
                LayerArrays(
                    attention_norm=norm(f"{layer}/attention_norm"),
                    projections=projections(attention),
                    output=kernel(f"{attention}/output"),
                    output_bias=arrays[f"{attention}/output/bias"],
                    key_embeddings=embeddings(f"{attention}/key_relative_embeddings"),
                    value_embeddings=embeddings(
                        f"{attention}/value_relative_embeddings"
                    ),
                    feed_forward_norm=norm(f"{layer}/feed_forward_norm"),
                    feed_forward_in=kernel(f"{layer}/feed_forward_in"),
                    feed_forward_in_bias=arrays[f"{layer}/feed_forward_in/bias"],
                    feed_forward_out=kernel(f"{layer}/feed_forward_out"),
                    feed_forward_out_bias=arrays[f"{layer}/feed_forward_out/bias"],
                )
            )
        return EncoderArrays(
            kernel("embedding"), arrays["embedding/bias"], tuple(layers), norm("norm")
        )

    def _join_projections(self, attention: str) -> None:
        """Lets one product compute query, key and value, if it can."""
        paths = [f"{attention}/{name}/kernel" for name in PROJECTIONS]
        spans = [self._places[path][0] for path in paths]
        follow = [one.stop == other.start for one, other in zip(spans, spans[1:])]
        product = JoinedProduct.of([self._products[path] for path in paths])
        if all(follow) and product is not None:
            self._joined[attention] = slice(spans[0].start, spans[-1].stop), product
