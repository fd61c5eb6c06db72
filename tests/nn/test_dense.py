"""The oracle is Keras' `Dense`."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from rasa_randconn.autodiff import Tape, Value
from rasa_randconn.nn.dense import Dense


def test_outputs_and_gradients_are_those_of_keras(make_parameters, normal, in_training):
    layer = Dense(6, 4, 0.01, make_parameters(), "dense")
    layer.bias.array[...] = normal(4)
    rows, gradients = Value(normal(9, 6)), normal(9, 4)
    tape = in_training()
    outputs = layer(tape, rows)
    outputs.add_gradient(gradients)
    tape.backward()
    keras = tf.keras.layers.Dense(4)
    keras.build([None, 6])
    keras.set_weights([layer.kernel.array, layer.bias.array])
    source = tf.constant(rows.array)
    with tf.GradientTape() as keras_tape:
        keras_tape.watch(source)
        expected = keras(source)
    wanted = keras_tape.gradient(
        expected, [source, *keras.trainable_variables], gradients
    )
    np.testing.assert_allclose(outputs.array, expected, atol=1e-5)
    for found, oracle in zip((rows, layer.kernel, layer.bias), wanted):
        np.testing.assert_allclose(found.gradient, oracle, atol=1e-5)
    assert (layer.kernel.l2, layer.bias.l2) == (0.01, 0.0)


def test_an_index_stands_for_a_one_hot_row(make_parameters):
    layer = Dense(6, 4, 0.0, make_parameters(), "dense")
    indices = np.array([5, 0, 0, 3])
    found = layer.of_one_hot(Tape(), indices).array
    expected = layer(Tape(), Value(np.eye(6, dtype=np.float32)[indices])).array
    np.testing.assert_allclose(found, expected, atol=1e-6)
