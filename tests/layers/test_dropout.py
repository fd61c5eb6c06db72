from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.layers import Dropout


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(300, 401), (7, 31, 533)], ids=str)
def test_the_rate_is_met_and_the_mean_is_kept(rate, shape):
    tf.random.set_seed(1)
    outputs = Dropout(rate)(tf.ones(shape), training=True).numpy()
    # six standard deviations of a binomial's share
    tolerance = 6 * np.sqrt(rate * (1 - rate) / outputs.size)
    assert abs((outputs == 0).mean() - rate) < tolerance
    assert abs(outputs.mean() - 1) < tolerance / (1 - rate)
    kept = outputs[outputs != 0]
    np.testing.assert_allclose(kept, 1 / (1 - rate), rtol=1e-3)


def test_units_are_dropped_independently_of_their_neighbours():
    tf.random.set_seed(1)
    kept = Dropout(0.5)(tf.ones([400_003]), training=True).numpy() > 0
    for distance in range(1, 9):
        agreement = (kept[distance:] == kept[:-distance]).mean()
        assert abs(agreement - 0.5) < 0.006


@pytest.mark.parametrize("training", [False, None])
def test_nothing_is_dropped_outside_of_training(training):
    inputs = tf.random.normal([5, 6])
    outputs = Dropout(0.5)(inputs, training=training)
    np.testing.assert_array_equal(outputs, inputs)


@pytest.mark.parametrize("rate", [0, 0.0, 1e-9])
def test_a_rate_of_zero_changes_nothing(rate):
    inputs = tf.random.normal([50, 6])
    np.testing.assert_allclose(Dropout(rate)(inputs, training=True), inputs, rtol=1e-6)


def test_what_is_dropped_gets_no_gradient():
    inputs = tf.ones([1000])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = Dropout(0.3)(inputs, training=True)
    np.testing.assert_array_equal(tape.gradient(outputs, inputs), outputs)


def test_the_same_seed_drops_the_same_units():
    def dropped():
        tf.random.set_seed(7)
        return Dropout(0.5)(tf.ones([100]), training=True).numpy()

    np.testing.assert_array_equal(dropped(), dropped())


def test_every_step_of_a_graph_drops_other_units():
    step = tf.function(lambda: Dropout(0.5)(tf.ones([100]), training=True))
    assert (step().numpy() != step().numpy()).any()


def test_an_empty_batch_stays_empty():
    assert Dropout(0.5)(tf.ones([0, 4]), training=True).shape == (0, 4)


def test_arguments_of_keras_are_left_to_keras():
    tf.random.set_seed(1)
    outputs = Dropout(0.5, noise_shape=(1, 64))(tf.ones([3, 64]), training=True).numpy()
    assert (outputs == outputs[:1]).all() and (outputs == 0).any()
