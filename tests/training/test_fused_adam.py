from __future__ import annotations

import numpy as np
import tensorflow as tf

from rasa_randconn.training import FusedAdam


def train(optimizer: tf.keras.optimizers.Optimizer, sparse: bool) -> np.ndarray:
    variable = tf.Variable(np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(4, 3))
    optimizer.build([variable])
    for step in range(20):
        gradient = tf.sin(tf.reshape(tf.range(12.0), [4, 3]) * (step + 1.0) + 1.0)
        if sparse:
            gradient = tf.IndexedSlices(tf.gather(gradient, [1, 3]), [1, 3], [4, 3])
        optimizer.apply_gradients([(gradient, variable)])
    return variable.numpy()


def test_fused_updates_equal_those_of_keras() -> None:
    np.testing.assert_allclose(
        train(FusedAdam(0.01), sparse=False),
        train(tf.keras.optimizers.Adam(0.01), sparse=False),
        atol=1e-5,
    )


def test_sparse_gradients_are_updated_as_in_keras() -> None:
    np.testing.assert_allclose(
        train(FusedAdam(0.01), sparse=True),
        train(tf.keras.optimizers.Adam(0.01), sparse=True),
        atol=1e-5,
    )


def test_it_is_made_from_the_configuration_of_keras_adam() -> None:
    adam = tf.keras.optimizers.Adam(0.0123, beta_1=0.8, epsilon=1e-5)
    fused = FusedAdam.from_config(adam.get_config())
    assert fused.get_config() == {**adam.get_config(), "name": fused.name}
