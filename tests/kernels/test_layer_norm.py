from __future__ import annotations

import numpy as np
import tensorflow as tf

from rasa_randconn.kernels.layer_norm import normalize, normalize_backward

EPSILON = np.float32(1e-6)


def run(features, gamma, beta):
    standardized, outputs = np.full((2, *features.shape), np.nan, np.float32)
    deviations = np.full(features.shape[1], np.nan, np.float32)
    normalize(features, gamma, beta, EPSILON, standardized, deviations, outputs)
    return standardized, deviations, outputs


def test_values_and_gradients_equal_kerases(normal, units, tokens):
    features, gamma, beta = normal(units, tokens), normal(units), normal(units)
    *left_behind, outputs = run(features, gamma, beta)
    gradients, feature_gradients = normal(units, tokens), normal(units, tokens)
    earlier_gradients = feature_gradients.copy()
    others = np.full((2, units), np.nan, np.float32)
    normalize_backward(gradients, gamma, *left_behind, feature_gradients, *others)

    layer = tf.keras.layers.LayerNormalization(axis=0, epsilon=EPSILON)
    inputs = tf.constant(features)
    layer.build(inputs.shape)
    layer.set_weights([gamma, beta])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        expected = layer(inputs)
    expected_gradients = tape.gradient(
        expected, [inputs, *layer.trainable_variables], gradients
    )
    # Keras takes the mean off last: with a single unit, that leaves rounding errors.
    tolerance = 1e-3 if units == 1 else 1e-4
    np.testing.assert_allclose(outputs, expected, atol=tolerance)
    found_gradients = [feature_gradients - earlier_gradients, *others]
    for found, gradient in zip(found_gradients, expected_gradients):
        np.testing.assert_allclose(found, gradient, rtol=1e-4, atol=tolerance)


def test_units_that_are_all_the_same_become_the_shift(normal):
    gamma, beta = normal(32), normal(32)
    outputs = run(np.full((32, 7), 1000.5, np.float32), gamma, beta)[-1]
    np.testing.assert_allclose(outputs, np.tile(beta, (7, 1)).T, atol=1e-6)
