"""The oracle is Keras' `LayerNormalization`."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.nn.flat_weights import FlatWeights
from rasa_randconn.nn.layer_norm import LayerNorm

UNITS = 12


@pytest.mark.parametrize("tokens", [1, 7, 130])
def test_outputs_and_gradients_are_those_of_keras(make_parameters, normal, tokens):
    parameters = make_parameters()
    layer = LayerNorm(parameters, "norm", UNITS)
    layer.gamma.array[...], layer.beta.array[...] = normal(UNITS), normal(UNITS)
    inputs, output_gradients = normal(UNITS, tokens), normal(UNITS, tokens)
    input_gradients = normal(UNITS, tokens)
    before = input_gradients.copy()
    flat = FlatWeights(layer)
    flat_gradients = np.empty(flat.size, np.float32)
    weights, gradients = flat.by_layer[layer], flat.views(flat_gradients)[layer]
    activations = layer.allocate_activations(
        lambda *shape: np.full(shape, np.nan, np.float32), tokens
    )
    layer.forward(weights, inputs, activations)
    layer.backward(weights, activations, output_gradients, gradients, input_gradients)
    flat.add_gradients(flat_gradients)

    keras = tf.keras.layers.LayerNormalization(axis=0, epsilon=1e-6)
    source = tf.constant(inputs)
    keras.build(source.shape)
    keras.set_weights([layer.gamma.array, layer.beta.array])
    with tf.GradientTape() as tape:
        tape.watch(source)
        expected = keras(source)
    wanted = tape.gradient(
        expected, [source, *keras.trainable_variables], output_gradients
    )
    np.testing.assert_allclose(activations.outputs, expected, atol=1e-4)
    found = input_gradients - before, layer.gamma.gradient, layer.beta.gradient
    for array, oracle in zip(found, wanted):
        np.testing.assert_allclose(array, oracle, atol=1e-4)
