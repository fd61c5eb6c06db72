from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.connections import PATTERNS
from rasa_randconn.layers import ConnectionSettings, HiddenLayers


def make(units, dropout_rate=0.0, pattern="grouped", **kwargs):
    settings = ConnectionSettings({"hidden_layers": 0.3}, pattern, seed=1)
    return HiddenLayers(units, dropout_rate, settings, "ffnn.text", **kwargs)


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("shape", [(3, 10), (3, 4, 10)])
def test_layers_follow_one_another_with_gelu(pattern, shape):
    hidden = make([16, 8], pattern=pattern)
    x = normal(*shape)
    outputs = hidden(x)
    assert outputs.shape == (*shape[:-1], 8)
    for layer in hidden.hidden_layers:
        x = tf.nn.gelu(x @ layer.to_dense() + layer.bias)
    np.testing.assert_allclose(outputs, x, atol=1e-5)


def test_dropout_works_in_training_only():
    hidden = make([64], dropout_rate=0.5)
    x = normal(4, 10)
    outputs = hidden(x, training=False)
    np.testing.assert_array_equal(outputs, hidden(x))
    assert (outputs.numpy() != 0).all()
    tf.random.set_seed(1)
    dropped = hidden(x, training=True).numpy()
    is_kept = dropped != 0
    assert 0.3 < is_kept.mean() < 0.7
    np.testing.assert_allclose(dropped[is_kept], 2 * outputs.numpy()[is_kept])


def test_no_layers_are_the_identity():
    hidden = make([], dropout_rate=0.5)
    x = tf.constant(normal(4, 10))
    np.testing.assert_array_equal(hidden(x, training=True), x)
    assert not hidden.variables


def test_every_kernel_has_the_density_and_the_regulariser():
    hidden = make([16, 8], kernel_regularizer=tf.keras.regularizers.L2(0.5))
    hidden(normal(3, 10))
    first, second = hidden.hidden_layers
    assert (first.connections, second.connections) == (3 * 16, 5 * 8)
    np.testing.assert_allclose(
        hidden.losses, [0.5 * np.square(x.kernel).sum() for x in (first, second)], 1e-5
    )


def test_layers_at_several_places_have_patterns_of_their_own():
    hidden = make([10, 10])
    hidden(normal(3, 10))
    first, second = (layer.connectivity.mask() for layer in hidden.hidden_layers)
    assert (first != second).any()
