"""The weights of an encoder as the arrays that a pass takes."""

from __future__ import annotations

import math
from typing import Dict, List, Mapping, NamedTuple, Tuple

import numpy as np

from rasa_randconn.kernels import LayerKernel, PackedProduct
from rasa_randconn.transformer.settings import EncoderSettings

_NO_EMBEDDINGS = np.empty((0, 0, 0), np.float32)


class NormalizationArrays(NamedTuple):
    """Weights of a layer normalisation, or their gradients; `[units]`."""

    gamma: np.ndarray
    beta: np.ndarray


class LayerArrays(NamedTuple):
    """Weights of one encoder layer, or their gradients.

    Relative embeddings are `[heads, distances, depth]`, with one head if all share
    them, without heads if there are none.
    """

    attention_norm: NormalizationArrays
    query: LayerKernel
    key: LayerKernel
    value: LayerKernel
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
        names: Paths of all weights, in this order.
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
        self.names = list(shapes)
        self.size = 0
        self._places: Dict[str, Tuple[slice, Tuple[int, ...]]] = {}
        for name, shape in shapes.items():
            if name in self._products:
                shape = (self._products[name].size,)
            end = self.size + math.prod(shape)
            self._places[name] = slice(self.size, end), shape
            self.size = end

    def arrays(self, weights: Mapping[str, np.ndarray]) -> EncoderArrays:
        """The weights for compiled code.

        Args:
            weights: All weights by path, kernels packed.
        """
        return self._encoder_arrays(
            {
                name: self._products[name].multiplied(weights[name])
                if name in self._products
                else weights[name]
                for name in self.names
            }
        )

    def views(self, flat: np.ndarray) -> EncoderArrays:
        """The same structure as views of an array `[size]`."""
        return self._encoder_arrays(self._cut(flat))

    def by_path(self, flat: np.ndarray) -> Dict[str, np.ndarray]:
        """Gradients by path, kernels packed, from an array `[size]`."""
        return {
            name: self._products[name].packed(array)
            if name in self._products
            else array
            for name, array in self._cut(flat).items()
        }

    def _cut(self, flat: np.ndarray) -> Dict[str, np.ndarray]:
        return {
            name: flat[span].reshape(shape)
            for name, (span, shape) in self._places.items()
        }

    def _encoder_arrays(self, arrays: Mapping[str, np.ndarray]) -> EncoderArrays:
        def kernel(path: str) -> LayerKernel:
            name = f"{path}/kernel"
            return self._products[name].layer_kernel(arrays[name])

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
                    query=kernel(f"{attention}/query"),
                    key=kernel(f"{attention}/key"),
                    value=kernel(f"{attention}/value"),
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
