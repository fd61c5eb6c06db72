"""The oracle is Rasa's own code for conditional random fields."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from rasa.utils.tensorflow.crf import crf_decode, crf_log_likelihood

from rasa_randconn.kernels.crf import backward_algorithm, decode, forward_algorithm
from rasa_randconn.kernels.vectors import whole_vectors

TAGS = 19

every_batch = pytest.mark.parametrize(
    "lengths",
    [[6, 1, 4], [3], [2, 0, 5, 5], [0, 4, 0], [1, 1], [0, 1], [12, 1, 0]],
    ids=str,
)


class TagBatch:
    """Scores and right tags of examples, one after the other and padded."""

    def __init__(self, lengths, size=3.0):
        random = np.random.RandomState(2)
        self.lengths = np.array(lengths)
        self.starts = np.concatenate([[0], np.cumsum(lengths)])
        self.is_real = np.arange(max(lengths)) < self.lengths[:, np.newaxis]
        shape = self.is_real.shape
        self.padded_scores = size * random.normal(size=(*shape, TAGS))
        self.padded_scores = self.padded_scores.astype(np.float32)
        self.padded_tags = random.randint(0, TAGS, shape)
        self.scores = self.padded_scores[self.is_real]
        self.tags = self.padded_tags[self.is_real]
        self.transitions = 2 * random.normal(size=(TAGS, TAGS)).astype(np.float32)
        self.upstream = random.normal(size=len(lengths)).astype(np.float32)


def likelihoods_and_gradients(batch, group_count=2):
    """Log-likelihoods, gradients of scores and transitions, most probable tags."""
    highest = batch.transitions.max()
    exp_transitions = np.exp(batch.transitions - highest)
    likelihoods = np.full(len(batch.lengths), np.nan, np.float32)
    score_gradients = np.full(batch.scores.shape, np.nan, np.float32)
    transition_gradients = np.zeros((TAGS, TAGS), np.float32)
    most_probable = np.full(len(batch.tags), -1)
    longest_first = np.argsort(-batch.lengths, kind="stable")
    for examples in np.array_split(longest_first, group_count):
        shape = 2, batch.lengths[examples].sum(), whole_vectors(TAGS)
        emissions, alpha = np.full(shape, np.nan, np.float32)
        group_gradients = padded(np.full((TAGS, TAGS), np.nan))
        forward_algorithm(
            batch.scores,
            batch.transitions,
            highest,
            padded(exp_transitions),
            batch.tags,
            batch.starts,
            examples,
            emissions,
            alpha,
            likelihoods,
        )
        backward_algorithm(
            padded(exp_transitions),
            padded(exp_transitions.T),
            emissions,
            alpha,
            batch.tags,
            batch.starts,
            examples,
            batch.upstream,
            score_gradients,
            group_gradients,
            most_probable,
        )
        transition_gradients += group_gradients[:, :TAGS]
    return likelihoods, score_gradients, transition_gradients, most_probable


def padded(matrix):
    """With zeros beyond the tags."""
    columns = whole_vectors(TAGS) - TAGS
    return np.pad(matrix, [(0, 0), (0, columns)]).astype(np.float32, order="C")


def expected_likelihoods_and_gradients(batch):
    sources = tf.constant(batch.padded_scores), tf.constant(batch.transitions)
    with tf.GradientTape() as tape:
        tape.watch(sources)
        likelihoods, _ = crf_log_likelihood(
            sources[0], batch.padded_tags, batch.lengths, sources[1]
        )
    score_gradients, transition_gradients = tape.gradient(
        likelihoods, sources, batch.upstream, unconnected_gradients="zero"
    )
    return likelihoods, score_gradients.numpy()[batch.is_real], transition_gradients


def decoded(batch):
    tags = np.full(len(batch.scores), -1, np.int32)
    confidences = np.full(len(batch.scores), np.nan, np.float32)
    decode(batch.scores, batch.transitions, batch.starts, tags, confidences)
    return tags, confidences


@every_batch
@pytest.mark.parametrize("group_count", [1, 2])
def test_likelihoods_and_gradients_are_those_of_rasa(lengths, group_count):
    batch = TagBatch(lengths)
    found = likelihoods_and_gradients(batch, group_count)
    for array, expected in zip(found, expected_likelihoods_and_gradients(batch)):
        np.testing.assert_allclose(array, expected, rtol=1e-4, atol=1e-5)


def test_scores_far_apart_stay_finite():
    batch = TagBatch([20, 7], size=300.0)
    found = likelihoods_and_gradients(batch)
    for array, expected in zip(found, expected_likelihoods_and_gradients(batch)):
        assert np.isfinite(array).all()
        np.testing.assert_allclose(array, expected, rtol=1e-3, atol=1e-3)


@every_batch
@pytest.mark.parametrize("size", [0.1, 3.0])
def test_tags_and_confidences_are_those_that_rasa_decodes(lengths, size):
    batch = TagBatch(lengths, size)
    found = decoded(batch)
    expected = crf_decode(batch.padded_scores, batch.transitions, batch.lengths)
    np.testing.assert_array_equal(found[0], expected[0].numpy()[batch.is_real])
    np.testing.assert_allclose(
        found[1], expected[1].numpy()[batch.is_real], rtol=1e-4, atol=1e-6
    )


def test_the_most_probable_tags_come_from_summing_over_all_sequences():
    batch = TagBatch([3])
    probabilities = np.zeros((3, TAGS))
    for sequence in np.ndindex(TAGS, TAGS, TAGS):
        score = sum(batch.scores[i, tag] for i, tag in enumerate(sequence))
        score += sum(batch.transitions[a, b] for a, b in zip(sequence, sequence[1:]))
        for position, tag in enumerate(sequence):
            probabilities[position, tag] += np.exp(score)
    most_probable = likelihoods_and_gradients(batch)[3]
    np.testing.assert_array_equal(most_probable, probabilities.argmax(axis=1))


def test_clear_tags_are_most_probable_and_decoded():
    batch = TagBatch([6, 2, 0])
    batch.scores += 50.0 * np.eye(TAGS, dtype=np.float32)[batch.tags]
    np.testing.assert_array_equal(likelihoods_and_gradients(batch)[3], batch.tags)
    np.testing.assert_array_equal(decoded(batch)[0], batch.tags)
