"""One layer, forward and backward, against Keras, stock and the bare products."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import tensorflow as tf
from rasa.utils.tensorflow.layers import RandomlyConnectedDense as StockDense

from benchmarks.speed.gradient_step import gradient_step
from benchmarks.speed.stopwatch import medians
from rasa_randconn.autodiff import Parameters
from rasa_randconn.connections import LAYER_KINDS, PATTERNS, ConnectionSettings
from rasa_randconn.keras import RandomlyConnectedDense
from rasa_randconn.kernels import in_parallel
from rasa_randconn.kernels.vectors import whole_vectors
from rasa_randconn.nn.flat_weights import FlatWeights
from rasa_randconn.nn.randomly_connected import RandomlyConnected

DENSITIES = (1.0, 0.5, 0.2, 0.1, 0.05)
SIZES = ((256, 256), (256, 1024), (512, 512), (1024, 1024))
TOKENS = 1000

#: The encoder cuts so many tokens in two, and computes both on cores of their own.
CHUNKS = 2


def measure(repeats: int) -> List[Dict[str, Any]]:
    """Milliseconds of one pass forward and backward, a row per size and density."""
    return [_row(size, density, repeats) for size in SIZES for density in DENSITIES]


def _row(size: Tuple[int, int], density: float, repeats: int) -> Dict[str, Any]:
    inputs, units = size
    layers: Dict[str, tf.keras.layers.Layer] = {
        "Keras": tf.keras.layers.Dense(units),
        "stock": StockDense(density, units=units),
    }
    functions = {name: _step(layer, inputs) for name, layer in layers.items()}
    for pattern in PATTERNS:
        functions[f"layer, {pattern}"] = _step(
            RandomlyConnectedDense(units, density, pattern, seed=1), inputs
        )
        functions[f"kernels, {pattern}"] = _kernels(pattern, inputs, units, density)
    functions["bare products"] = _bare_products(inputs, units, density)
    return {
        "inputs": inputs,
        "units": units,
        "density": density,
        **medians(functions, repeats),
    }


def _step(layer: tf.keras.layers.Layer, inputs: int) -> Callable[[], object]:
    """Outputs and all gradients in a TensorFlow graph."""
    features = tf.random.normal([TOKENS, inputs])
    layer.build(features.shape)
    return gradient_step(layer, features, layer)


def _kernels(
    pattern: str, inputs: int, units: int, density: float
) -> Callable[[], object]:
    """The same in the encoder's kernels, in chunks as the encoder has them."""
    settings = ConnectionSettings(dict.fromkeys(LAYER_KINDS, density), pattern, seed=1)
    layer = RandomlyConnected(
        Parameters(settings), "layer", LAYER_KINDS[0], inputs, units, use_bias=False
    )
    flat_weights = FlatWeights(layer)
    weights = flat_weights.by_layer[layer]
    tokens = whole_vectors(-(-TOKENS // CHUNKS))
    flat_gradients = np.empty((CHUNKS, flat_weights.size), np.float32)
    gradients = [flat_weights.views(flat)[layer] for flat in flat_gradients]
    arrays = [
        [np.ones((size, tokens), np.float32) for size in (inputs, inputs, units)]
        for _ in range(CHUNKS)
    ]

    def step_of_chunk(chunk: int) -> None:
        features, feature_gradients, outputs = arrays[chunk]
        feature_gradients.fill(0)
        layer.forward(weights, features, outputs)
        layer.backward(weights, features, outputs, gradients[chunk], feature_gradients)

    def step() -> np.ndarray:
        in_parallel(step_of_chunk, range(CHUNKS))
        return np.asarray(flat_gradients.sum(axis=0))

    return step


def _bare_products(inputs: int, units: int, density: float) -> Callable[[], object]:
    """The floor: three dense products with as many multiplications."""
    fan_in = max(round(inputs * density), 1)
    features = tf.random.normal([TOKENS, fan_in])
    kernel = tf.random.normal([fan_in, units])
    gradients = tf.random.normal([TOKENS, units])

    def step() -> Any:
        return (
            tf.matmul(features, kernel),
            tf.matmul(gradients, kernel, transpose_b=True),
            tf.matmul(features, gradients, transpose_a=True),
        )

    graph = tf.function(step)
    return lambda: graph()[0].numpy()
