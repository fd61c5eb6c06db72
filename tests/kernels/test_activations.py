from __future__ import annotations

import numpy as np
import tensorflow as tf

from rasa_randconn.kernels.activations import exp_of_negative, gelu, gelu_backward
from rasa_randconn.kernels.dropout import dropout_rate


def activate(inputs, bias, rate=0.0):
    outputs, derivatives = np.full((2, *inputs.shape), np.nan, np.float32)
    gelu(inputs, bias, np.uint32(1), *dropout_rate(rate), outputs, derivatives)
    return outputs, derivatives


def test_gelu_and_its_gradients_equal_tensorflows(normal, units, tokens):
    inputs, bias = 2 * normal(units, tokens), normal(units)
    outputs, derivatives = activate(inputs, bias)
    gradients, bias_gradient = normal(units, tokens), np.empty(units, np.float32)
    sources = tf.constant(inputs), tf.constant(bias)
    with tf.GradientTape() as tape:
        tape.watch(sources)
        expected = tf.nn.gelu(sources[0] + sources[1][:, tf.newaxis])
    expected_gradients = tape.gradient(expected, sources, gradients)
    gelu_backward(gradients, derivatives, bias_gradient)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradients, expected_gradients[0], rtol=1e-5, atol=2e-6)
    np.testing.assert_allclose(bias_gradient, expected_gradients[1], atol=1e-4)


def test_far_from_zero_gelu_is_zero_or_the_identity():
    inputs = np.array([[-1e4, -50.0, -6.0, 6.0, 50.0, 1e4]], np.float32)
    outputs, derivatives = activate(inputs, np.zeros(1, np.float32))
    np.testing.assert_allclose(outputs, np.maximum(inputs, 0.0), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(derivatives, inputs > 0, atol=1e-6)


def test_gelu_drops_and_scales_outputs_and_derivatives_together(normal):
    inputs, bias = normal(32, 257), normal(32)
    found = activate(inputs, bias, rate=0.2)
    is_kept = found[0] != 0
    assert 0.77 < is_kept.mean() < 0.83
    for dropped, plain in zip(found, activate(inputs, bias)):
        np.testing.assert_allclose(dropped, 1.25 * plain * is_kept, rtol=1e-5)


def test_exp_of_negative_equals_numpys_and_never_exceeds_one():
    inputs = np.concatenate([np.linspace(-87, 0, 30_001), -np.logspace(-12, 0, 1_001)])
    inputs = inputs.astype(np.float32)
    found = np.array([exp_of_negative(x) for x in inputs])
    np.testing.assert_allclose(found, np.exp(inputs.astype(np.float64)), rtol=1e-6)
    assert found.max() == 1.0
    for very_negative in (-88.0, -1e9, -np.inf):
        assert 0 <= exp_of_negative(np.float32(very_negative)) < 1e-37
