from __future__ import annotations

from types import SimpleNamespace

import tensorflow as tf
from rasa.utils.tensorflow.layers import RandomlyConnectedDense

from rasa_randconn.comparison.weight_counts import count_connections, count_trainable


class OwnLayer(tf.keras.layers.Layer):
    def __init__(self, connections, parts=()):
        super().__init__()
        self.connections = connections
        self.parts = list(parts)


def test_connections_are_counted_once():
    shared = OwnLayer(3)
    unbuilt = RandomlyConnectedDense(units=4)
    masked = RandomlyConnectedDense(units=4, density=0.0)
    dense = RandomlyConnectedDense(units=4, density=1.0)
    for layer in (masked, dense):
        layer(tf.zeros((1, 6)))
    model = tf.keras.Sequential(
        [shared, OwnLayer(8, [OwnLayer(5), shared]), unbuilt, masked, dense]
    )

    assert count_connections(masked) == 6
    assert count_connections(dense) == 24
    assert count_connections(model) == 3 + 5 + 6 + 24


def test_trainable_weights_are_counted_once():
    variable = tf.Variable(tf.zeros((2, 3)))
    model = SimpleNamespace(trainable_variables=[variable, variable, tf.Variable(1.0)])

    assert count_trainable(model) == 7
    assert count_trainable(object()) is None
