"""The oracle is Rasa's own CRF layer."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from rasa.utils.tensorflow.layers import CRF

from rasa_randconn.layers import ConditionalRandomField

TAGS = 5


def both_layers(scale_loss: bool = False) -> tuple:
    ours = ConditionalRandomField(TAGS, 0.002, scale_loss)
    stock = CRF(TAGS, 0.002, scale_loss)
    transitions = np.random.RandomState(1).normal(size=(TAGS, TAGS)) * 2
    for layer in (ours, stock):
        layer.build([None, None, TAGS])
        layer.transition_params.assign(transitions)
    return ours, stock


def random_batch(lengths: list, padded_length: int) -> tuple:
    random = np.random.RandomState(2)
    shape = (len(lengths), padded_length)
    logits = random.normal(size=(*shape, TAGS)).astype(np.float32) * 3
    tags = random.randint(0, TAGS, shape).astype(np.int32)
    return tf.constant(logits), tf.constant(tags), tf.constant(lengths)


def loss_and_gradients(layer: CRF, logits: tf.Tensor, loss_of_layer: object) -> list:
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = loss_of_layer()
    sources = [logits, layer.transition_params]
    return [loss, *tape.gradient(loss, sources, unconnected_gradients="zero")]


@pytest.mark.parametrize("scale_loss", [False, True])
@pytest.mark.parametrize(
    "lengths, padded_length",
    [([6, 1, 4], 6), ([3], 3), ([2, 0, 5, 5], 8), ([1, 1], 1), ([0, 1], 2)],
    ids=str,
)
def test_loss_and_gradients_are_those_of_stock(lengths, padded_length, scale_loss):
    ours, stock = both_layers(scale_loss)
    logits, tags, sequence_lengths = random_batch(lengths, padded_length)
    actual = loss_and_gradients(
        ours, logits, lambda: ours.loss_and_tags(logits, tags, sequence_lengths)[0]
    )
    expected = loss_and_gradients(
        stock, logits, lambda: stock.loss(logits, tags, sequence_lengths)
    )
    for ours_value, stock_value in zip(actual, expected):
        np.testing.assert_allclose(ours_value, stock_value, rtol=1e-4, atol=1e-5)


def test_potentials_far_apart_stay_finite():
    ours, stock = both_layers()
    logits, tags, lengths = random_batch([20, 7], 20)
    logits *= 100.0
    actual = loss_and_gradients(
        ours, logits, lambda: ours.loss_and_tags(logits, tags, lengths)[0]
    )
    expected = loss_and_gradients(
        stock, logits, lambda: stock.loss(logits, tags, lengths)
    )
    for ours_value, stock_value in zip(actual, expected):
        assert np.isfinite(ours_value).all()
        np.testing.assert_allclose(ours_value, stock_value, rtol=1e-3, atol=1e-3)


def test_one_graph_serves_all_sizes_of_batches():
    ours, stock = both_layers()

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, TAGS], tf.float32),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None], tf.int32),
        ]
    )
    def loss(logits, tags, lengths):
        return ours.loss_and_tags(logits, tags, lengths)[0]

    for lengths in ([4, 2], [9, 9, 1]):
        batch = random_batch(lengths, max(lengths))
        np.testing.assert_allclose(loss(*batch), stock.loss(*batch), rtol=1e-4)


def test_clear_tags_are_those_that_stock_decodes():
    ours, stock = both_layers()
    logits, tags, lengths = random_batch([6, 2, 0], 6)
    logits += 50.0 * tf.one_hot(tags, TAGS)
    most_probable = ours.loss_and_tags(logits, tags, lengths)[1]
    decoded, _ = stock(logits, lengths)
    np.testing.assert_array_equal(most_probable, decoded)


def test_the_most_probable_tags_come_from_summing_over_all_sequences():
    ours, _ = both_layers()
    logits, tags, lengths = random_batch([3], 3)
    transitions = ours.transition_params.numpy()
    probabilities = np.zeros((3, TAGS))
    for sequence in np.ndindex(TAGS, TAGS, TAGS):
        score = sum(logits[0, i, tag].numpy() for i, tag in enumerate(sequence))
        score += sum(transitions[a, b] for a, b in zip(sequence, sequence[1:]))
        for position, tag in enumerate(sequence):
            probabilities[position, tag] += np.exp(score)
    most_probable = ours.loss_and_tags(logits, tags, lengths)[1]
    np.testing.assert_array_equal(most_probable[0], probabilities.argmax(axis=1))


def test_it_builds_itself_within_a_graph():
    layer = ConditionalRandomField(TAGS, 0.002, False)
    batch = random_batch([2, 3], 3)
    loss = tf.function(lambda: layer.loss_and_tags(*batch)[0])()
    assert layer.built and np.isfinite(loss)
