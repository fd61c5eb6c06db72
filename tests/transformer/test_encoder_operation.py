from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.layers import KINDS, ConnectionSettings
from rasa_randconn.transformer import EncoderSettings, TransformerEncoder
from rasa_randconn.transformer.encoder_operation import _KEPT_PASSES

INPUTS = tf.constant(np.random.default_rng(0).normal(size=(3, 5, 10)), tf.float32)


@pytest.fixture
def encoder():
    settings = EncoderSettings(
        layers=1, units=16, heads=4, filter_units=32, dropout_rate=0.2
    )
    connections = ConnectionSettings(dict.fromkeys(KINDS, 0.3), "grouped", seed=1)
    made = TransformerEncoder(settings, connections, "text_encoder")
    made(INPUTS)
    return made


def passes_kept(encoder):
    return len(encoder._operation._kept)


def test_gradients_of_a_pass_that_is_gone_are_computed_again(encoder):
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_sum(encoder(INPUTS, training=True)[0] ** 3)
    assert passes_kept(encoder) == 1
    first = tape.gradient(loss, encoder.trainable_variables)
    assert passes_kept(encoder) == 0
    again = tape.gradient(loss, encoder.trainable_variables)
    for gradient, expected in zip(again, first):
        np.testing.assert_array_equal(gradient, expected)


def test_passes_nobody_differentiates_do_not_pile_up(encoder):
    for _ in range(_KEPT_PASSES + 3):
        encoder(INPUTS, training=True)
    assert passes_kept(encoder) == _KEPT_PASSES


def test_prediction_keeps_nothing(encoder):
    encoder(INPUTS, training=False)
    assert passes_kept(encoder) == 0


def test_several_passes_can_be_open_at_once(encoder):
    tf.random.set_seed(1)
    with tf.GradientTape(persistent=True) as tape:
        losses = [tf.reduce_sum(encoder(INPUTS, training=True)[0] ** 3) for _ in "ab"]
    both = tape.gradient(losses, encoder.embedding.kernel)
    single = [tape.gradient(loss, encoder.embedding.kernel) for loss in losses]
    np.testing.assert_allclose(both, single[0] + single[1], rtol=1e-4, atol=1e-3)


def test_the_seed_of_dropout_is_tensorflows(encoder):
    def outputs(seed):
        tf.random.set_seed(seed)
        return encoder(INPUTS, training=True)[0]

    np.testing.assert_array_equal(outputs(1), outputs(1))
    assert np.abs(outputs(1) - outputs(2)).max() > 0.1
