from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from references.attention import attention as reference
from references.attention import attention_backward as reference_backward
from references.dropout import is_kept

from rasa_randconn.kernels.attention import attention, attention_backward
from rasa_randconn.kernels.dropout import dropout_rate
from rasa_randconn.kernels.vectors import whole_vectors

HEADS, DEPTH = 2, 5
UNITS = HEADS * DEPTH
LENGTHS = (6, 1, 3, 20, 17)
STARTS = np.concatenate([[0], np.cumsum(LENGTHS)])
POSITIONS = np.concatenate([np.arange(length) for length in LENGTHS])
DISTANCES = POSITIONS - POSITIONS[:, np.newaxis]
SHAPE = (HEADS, len(POSITIONS), len(POSITIONS))
# Where each weight belongs in an array of this shape, with all examples in one.
PLACES = np.concatenate(
    [np.argwhere(np.ones((HEADS, n, n))) + [0, s, s] for s, n in zip(STARTS, LENGTHS)]
)
SEED = np.uint32(1)
NO_EMBEDDINGS = [np.empty((0, 0, 0), np.float32)] * 2

both_directions = pytest.mark.parametrize("unidirectional", [False, True])


def attend(projected, unidirectional, rate, farthest=0, embeddings=NO_EMBEDDINGS):
    weights = np.full(len(PLACES), np.nan, np.float32)
    projected = padded(projected)
    outputs = np.full((UNITS, projected.shape[1]), np.nan, np.float32)
    options = STARTS, HEADS, unidirectional, farthest, *embeddings
    threshold = dropout_rate(rate).threshold
    attention(projected, *options, SEED, threshold, weights, outputs)
    return weights, outputs[:, : len(POSITIONS)]


def attend_backward(
    gradients, projected, weights, unidirectional, farthest=0, embeddings=NO_EMBEDDINGS
):
    projected = padded(projected)
    found = [np.full_like(projected, np.nan), *map(np.zeros_like, embeddings)]
    options = STARTS, HEADS, unidirectional, farthest, *embeddings
    attention_backward(padded(gradients), projected, *options, weights, *found)
    return [found[0][:, : len(POSITIONS)], *found[1:]]


def padded(rows):
    """Rows that end with whole vectors; the padding belongs to no example."""
    count = rows.shape[1]
    return np.pad(rows, [(0, 0), (0, whole_vectors(count) - count)])


def spread(weights):
    array = np.zeros(SHAPE, weights.dtype)
    array[tuple(PLACES.T)] = weights
    return array


def keys_in_sight(unidirectional):
    is_own_example = spread(np.ones(len(PLACES), bool))
    return is_own_example & ((DISTANCES <= 0) | (not unidirectional))


def kept_keys(rate):
    threshold = dropout_rate(rate).threshold
    return spread(is_kept(np.arange(len(PLACES)), SEED, threshold))


def expected_attention(projected, unidirectional, rate, farthest, embeddings):
    """The same in TensorFlow, with all relative embeddings spread out."""
    parts = tf.reshape(tf.transpose(projected), [-1, 3, HEADS, DEPTH])
    query, key, value = tf.unstack(tf.transpose(parts, [1, 2, 0, 3])[:, :, tf.newaxis])
    nearest = 0 if unidirectional else farthest
    indices = np.clip(DISTANCES, -farthest, nearest) + farthest
    if len(embeddings[0]):
        key += tf.gather(embeddings[0], indices, axis=1)
    if len(embeddings[1]):
        value += tf.gather(embeddings[1], indices, axis=1)
    query = tf.transpose(query, [0, 2, 1, 3])
    logits = tf.reduce_sum(query * key, axis=-1) / DEPTH**0.5
    logits += tf.where(kept_keys(rate), 0.0, -1e9)
    weights = tf.nn.softmax(tf.where(keys_in_sight(unidirectional), logits, -np.inf))
    outputs = tf.reduce_sum(weights[..., tf.newaxis] * value, axis=2)
    outputs = tf.reshape(tf.transpose(outputs, [0, 2, 1]), [UNITS, -1])
    return tf.gather_nd(weights, PLACES), outputs


@both_directions
@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize(
    "key_heads, value_heads, farthest",
    [(0, 0, 0), (2, 0, 2), (0, 2, 2), (2, 2, 0), (2, 2, 9), (1, 1, 2)],
)
def test_values_and_gradients_equal_those_of_tensorflow(
    normal, unidirectional, rate, key_heads, value_heads, farthest
):
    projected = normal(3 * UNITS, len(POSITIONS))
    distances = farthest + 1 if unidirectional else 2 * farthest + 1
    embeddings = [normal(heads, distances, DEPTH) for heads in (key_heads, value_heads)]
    options = unidirectional, rate, farthest
    weights, outputs = attend(projected, *options, embeddings)
    gradients = normal(*outputs.shape)
    found = attend_backward(
        gradients, projected, weights, unidirectional, farthest, embeddings
    )

    sources = [tf.constant(array) for array in (projected, *embeddings)]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        expected = expected_attention(sources[0], *options, sources[1:])
    expected_gradients = tape.gradient(
        expected[1], sources, gradients, unconnected_gradients="zero"
    )
    np.testing.assert_allclose(weights, expected[0], atol=1e-5)
    np.testing.assert_allclose(outputs, expected[1], atol=1e-5)
    for gradient, expected_gradient in zip(found, expected_gradients):
        np.testing.assert_allclose(gradient, expected_gradient, atol=1e-4)


def by_example(rows):
    """Activations of every example, `[parts, heads, tokens, depth]`."""
    parts = rows.reshape(-1, HEADS, DEPTH, rows.shape[1]).transpose(0, 1, 3, 2)
    return [parts[:, :, s : s + n] for s, n in zip(STARTS, LENGTHS)]


@both_directions
@pytest.mark.parametrize("key_heads, value_heads", [(0, 0), (2, 0), (0, 2), (1, 2)])
def test_values_and_weights_equal_those_of_the_reference(
    normal, unidirectional, key_heads, value_heads
):
    projected = normal(3 * UNITS, len(POSITIONS))
    distances = 3 if unidirectional else 5
    embeddings = [normal(heads, distances, DEPTH) for heads in (key_heads, value_heads)]
    weights, outputs = attend(projected, unidirectional, 0.0, 2, embeddings)
    relative = [array if len(array) else None for array in embeddings]
    first = 0
    for example, found in zip(by_example(projected), by_example(outputs)):
        expected_weights, expected = reference(*example, unidirectional, relative)
        np.testing.assert_allclose(found[0], expected, atol=1e-5)
        own = weights[first : first + expected_weights.size]
        np.testing.assert_allclose(own, expected_weights.ravel(), atol=1e-5)
        first += expected_weights.size


@both_directions
def test_gradients_equal_those_of_the_reference(normal, unidirectional):
    projected = normal(3 * UNITS, len(POSITIONS))
    weights, outputs = attend(projected, unidirectional, 0.0)
    gradients = normal(*outputs.shape)
    found, *_ = attend_backward(gradients, projected, weights, unidirectional)
    parts = zip(by_example(projected), by_example(gradients), by_example(found))
    for example, own_gradients, own in parts:
        own_weights, _ = reference(*example, unidirectional)
        expected = reference_backward(own_gradients[0], *example, own_weights)
        np.testing.assert_allclose(own, expected, atol=1e-4)


@both_directions
@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize("size", [1.0, 100.0])
def test_weights_of_keys_in_sight_add_up_to_one(normal, unidirectional, rate, size):
    projected = size * normal(3 * UNITS, len(POSITIONS))
    weights = spread(attend(projected, unidirectional, rate)[0])
    assert (weights >= 0).all()
    np.testing.assert_array_equal(weights[~keys_in_sight(unidirectional)], 0.0)
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, atol=1e-5)


@both_directions
@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_hidden_keys_have_no_weight_unless_all_are_hidden(unidirectional, rate):
    equal = np.zeros((3 * UNITS, len(POSITIONS)), np.float32)
    weights = spread(attend(equal, unidirectional, rate)[0])
    is_seen = keys_in_sight(unidirectional)
    is_left = is_seen & kept_keys(rate)
    is_used = np.where(is_left.any(axis=-1, keepdims=True), is_left, is_seen)
    expected = is_used / is_used.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(weights, expected, atol=1e-6)
