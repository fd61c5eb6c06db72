from __future__ import annotations

import numpy as np
import tensorflow as tf

from rasa_randconn.nn.cross_entropy import sigmoid_cross_entropy


def test_losses_and_probabilities_are_those_of_tensorflow(normal):
    logits = np.concatenate([normal(4, 5), [[100, -100, 0, 90, -90]]]).astype("float32")
    expected = (np.random.default_rng(1).random(logits.shape) < 0.5).astype("float32")
    losses, probabilities = sigmoid_cross_entropy(logits, expected)
    oracle = tf.nn.sigmoid_cross_entropy_with_logits(expected, logits)
    np.testing.assert_allclose(losses, oracle, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(probabilities, tf.sigmoid(logits), atol=1e-6)
