"""The layer of `nn`, the Keras layer and Keras' `Dense` agree with each other."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.autodiff import Parameters
from rasa_randconn.connections import LAYER_KINDS, PATTERNS, ConnectionSettings
from rasa_randconn.keras import RandomlyConnectedDense
from rasa_randconn.nn.flat_weights import FlatWeights
from rasa_randconn.nn.randomly_connected import RandomlyConnected

PATH = "layer"
TOKENS = 16


def layer_of_nn(pattern, density, inputs, units):
    settings = ConnectionSettings(dict.fromkeys(LAYER_KINDS, density), pattern, seed=1)
    parameters = Parameters(settings)
    return RandomlyConnected(parameters, PATH, "hidden_layers", inputs, units)


def keras_layer(pattern, density, inputs, units):
    seed = ConnectionSettings({}, pattern, seed=1).seed_of(PATH)
    layer = RandomlyConnectedDense(units, density, pattern, seed)
    layer.build([None, inputs])
    return layer


def dense_layer(kernel):
    layer = tf.keras.layers.Dense(kernel.shape[1])
    layer.build([None, kernel.shape[0]])
    layer.kernel.assign(kernel)
    return layer


def keras_gradients(layer, inputs, output_gradients):
    """Outputs, and gradients with respect to kernel and inputs."""
    inputs = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
    gradients = tape.gradient(outputs, [layer.kernel, inputs], output_gradients)
    return [array.numpy() for array in (outputs, *gradients)]


def gradients_of_nn(layer, inputs, output_gradients):
    """Outputs, and gradients with respect to kernel and inputs, tokens first."""
    flat = FlatWeights(layer)
    flat_gradients = np.zeros(flat.size, np.float32)
    outputs = np.empty((layer.units, len(inputs)), np.float32)
    input_gradients = np.zeros(inputs.shape[::-1], np.float32)
    inputs, output_gradients = (
        np.ascontiguousarray(array.T) for array in (inputs, output_gradients)
    )
    weights, gradients = flat.by_layer[layer], flat.views(flat_gradients)[layer]
    layer.forward(weights, inputs, outputs)
    layer.backward(weights, inputs, output_gradients, gradients, input_gradients)
    flat.add_gradients(flat_gradients)
    return [outputs.T, layer.kernel.gradient, input_gradients.T]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("density", [0.0, 0.2, 0.7, 1.0])
@pytest.mark.parametrize(
    "inputs, units", [(32, 32), (64, 16), (13, 37), (1, 9), (9, 1), (1, 1)]
)
def test_connections_values_and_gradients_are_equal(pattern, density, inputs, units):
    generator = np.random.default_rng(5)
    normal = generator.normal
    x = normal(size=(TOKENS, inputs)).astype(np.float32)
    output_gradients = normal(size=(TOKENS, units)).astype(np.float32)

    ours = layer_of_nn(pattern, density, inputs, units)
    connectivity = ours.connectivity
    keras = keras_layer(pattern, density, inputs, units)
    np.testing.assert_array_equal(keras.connectivity.mask(), connectivity.mask())
    keras.kernel.assign(ours.kernel.array)
    dense = dense_layer(connectivity.unpack(ours.kernel.array))

    expected, kernel_gradient, input_gradients = keras_gradients(
        dense, x, output_gradients
    )
    kernel_gradient = connectivity.pack(kernel_gradient)
    for found in (
        keras_gradients(keras, x, output_gradients),
        gradients_of_nn(ours, x, output_gradients),
    ):
        for array, oracle in zip(found, (expected, kernel_gradient, input_gradients)):
            assert array.shape == oracle.shape
            np.testing.assert_allclose(array, oracle, atol=2e-5)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("density", [0.1, 0.5, 1.0])
def test_initial_weights_have_the_same_distribution(pattern, density):
    inputs, units = 300, 200
    tf.keras.utils.set_random_seed(1)
    ours = layer_of_nn(pattern, density, inputs, units).kernel.array
    keras = keras_layer(pattern, density, inputs, units).kernel.numpy()
    assert ours.shape == keras.shape
    for quantile in (0.0, 0.1, 0.5, 0.9, 1.0):
        assert np.quantile(keras, quantile) == pytest.approx(
            np.quantile(ours, quantile), abs=0.03 * ours.max()
        )
