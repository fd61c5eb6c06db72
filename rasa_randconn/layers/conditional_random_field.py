"""A linear-chain conditional random field whose training needs no decoding."""

from __future__ import annotations

from typing import Any, NamedTuple, Tuple

import tensorflow as tf
from rasa.utils.tensorflow import layers as rasa_layers

# Keeps a step whose probability mass is lost to underflow from becoming log(0).
_TINY = 1e-37


class Marginals(NamedTuple):
    """What the forward-backward algorithm finds out about a batch.

    Attributes:
        log_normalization: Logarithm of the summed scores of all sequences, `[batch]`.
        tags: Probability of every tag, `[length, batch, tags]`.
        transitions: Expected number of every transition, weighted by a number per
            example, as a function of these weights `[batch]`; returns `[tags, tags]`.
    """

    log_normalization: tf.Tensor
    tags: tf.Tensor
    transitions: Any


class ConditionalRandomField(rasa_layers.CRF):
    """Rasa's CRF layer with a loss that is computed in probabilities.

    The loss is the same as Rasa's. Rasa sums the scores of all tag sequences in
    logarithms, `[batch, tags, tags]` numbers for every token. Here the sums are matrix
    products of probabilities, brought back to a sum of 1 at every token, and the
    gradient comes from the same pass: it is the difference between what the data says
    and what the model expects. Decoding of predictions stays Rasa's.

    Source: Rabiner, "A tutorial on hidden Markov models", 1989 (scaled forward-backward
    algorithm); Lafferty et al., "Conditional random fields", 2001 (gradient).
    """

    def loss_and_tags(
        self, logits: tf.Tensor, tag_indices: tf.Tensor, sequence_lengths: tf.Tensor
    ) -> Tuple[tf.Tensor, tf.Tensor]:
        """Negative mean log-likelihood of the given tags, and the most probable tags.

        Args:
            logits: Unary potentials `[batch, length, tags]`.
            tag_indices: The right tags `[batch, length]`.
            sequence_lengths: Numbers of real tokens `[batch]`.

        Returns:
            The loss, a scalar, and the most probable tag of every token on its own,
            `[batch, length]`, 0 at padding. Unlike the decoded sequence these tags
            cost nothing; they are good enough for the progress of a training.
        """
        if not self.built:
            with tf.name_scope(self._name_scope()), tf.init_scope():
                self.build(logits.shape)
        log_likelihood, marginals = log_likelihood_and_marginals(
            logits, self.transition_params, tag_indices, sequence_lengths
        )
        loss = -log_likelihood
        if self.scale_loss:
            loss *= rasa_layers._scale_loss(log_likelihood)
        tags = tf.argmax(marginals, axis=-1, output_type=tf.int32)
        mask = tf.sequence_mask(sequence_lengths, tf.shape(tags)[1], tags.dtype)
        return tf.reduce_mean(loss), tags * mask


def log_likelihood_and_marginals(
    logits: tf.Tensor,
    transitions: tf.Tensor,
    tag_indices: tf.Tensor,
    sequence_lengths: tf.Tensor,
) -> Tuple[tf.Tensor, tf.Tensor]:
    """Log-likelihood of tag sequences, and the probability of every tag.

    Args:
        logits: Unary potentials `[batch, length, tags]`.
        transitions: Potentials of a tag (row) being followed by another (column),
            `[tags, tags]`.
        tag_indices: The right tags `[batch, length]`.
        sequence_lengths: Numbers of real tokens `[batch]`; an empty sequence has the
            log-likelihood 0.

    Returns:
        Log-likelihoods `[batch]`, differentiable by logits and transitions, and
        probabilities `[batch, length, tags]`, which are not.
    """

    def compute(logits: tf.Tensor, transitions: tf.Tensor) -> Any:
        unary = tf.transpose(logits, [1, 0, 2])
        right = tf.one_hot(tf.transpose(tag_indices), transitions.shape[0])
        mask = tf.transpose(
            tf.sequence_mask(sequence_lengths, tf.shape(unary)[0], unary.dtype)
        )
        right *= mask[:, :, tf.newaxis]
        marginals = _marginals(unary, transitions, mask)

        followed = tf.reshape(right[:-1], [-1, right.shape[-1]])
        following = tf.reshape(right[1:], [-1, right.shape[-1]])
        from_right = tf.reshape(tf.matmul(followed, transitions), tf.shape(right[1:]))
        score = tf.reduce_sum(unary * right, [0, 2])
        score += tf.reduce_sum(from_right * right[1:], [0, 2])

        def gradient(upstream: tf.Tensor, _: Any = None) -> Tuple[tf.Tensor, tf.Tensor]:
            expected = marginals.tags * mask[:, :, tf.newaxis]
            of_logits = (right - expected) * upstream[tf.newaxis, :, tf.newaxis]
            weights = tf.tile(upstream, [tf.shape(unary)[0] - 1])[:, tf.newaxis]
            of_transitions = tf.matmul(
                followed * weights, following, transpose_a=True
            ) - marginals.transitions(upstream)
            return tf.transpose(of_logits, [1, 0, 2]), of_transitions

        log_likelihood = score - marginals.log_normalization
        return (
            (log_likelihood, tf.transpose(marginals.tags, [1, 0, 2])),
            gradient,
        )

    log_likelihood, marginals = tf.custom_gradient(compute)(
        logits, tf.convert_to_tensor(transitions)
    )
    return log_likelihood, tf.stop_gradient(marginals)


def _marginals(unary: tf.Tensor, transitions: tf.Tensor, mask: tf.Tensor) -> Marginals:
    """Runs the scaled forward-backward algorithm.

    Args:
        unary: Unary potentials `[length, batch, tags]`.
        transitions: Transition potentials `[tags, tags]`.
        mask: 1 at real tokens `[length, batch]`.
    """
    highest_unary = tf.reduce_max(unary, axis=-1)
    emissions = tf.exp(unary - highest_unary[:, :, tf.newaxis])
    highest_transition = tf.reduce_max(transitions)
    moves = tf.exp(transitions - highest_transition)
    length = tf.shape(unary)[0]

    def normalized(values: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
        total = tf.maximum(tf.reduce_sum(values, axis=-1, keepdims=True), _TINY)
        return values / total, total

    def forward(position: Any, state: Any, states: Any, totals: Any) -> Any:
        state, total = normalized(tf.matmul(state, moves) * emissions[position])
        return (
            position + 1,
            state,
            states.write(position, state),
            totals.write(position, total),
        )

    state, total = normalized(emissions[0])
    arrays = [tf.TensorArray(unary.dtype, length) for _ in range(2)]
    _, _, states, totals = tf.while_loop(
        lambda position, *_: position < length,
        forward,
        (1, state, arrays[0].write(0, state), arrays[1].write(0, total)),
    )
    states, totals = states.stack(), totals.stack()

    # What a state at a position contributes to the one before it.
    incoming = emissions / totals

    def backward(position: Any, future: Any, futures: Any) -> Any:
        future = tf.matmul(incoming[position + 1] * future, moves, transpose_b=True)
        # the last real token of an example has no future
        has_future = mask[position + 1][:, tf.newaxis]
        future = future * has_future + (1 - has_future)
        return position - 1, future, futures.write(position, future)

    no_future = tf.ones_like(state)
    futures = tf.TensorArray(unary.dtype, length).write(length - 1, no_future)
    _, _, futures = tf.while_loop(
        lambda position, *_: position >= 0, backward, (length - 2, no_future, futures)
    )
    futures = futures.stack()

    log_normalization = tf.reduce_sum(
        (tf.math.log(totals[:, :, 0]) + highest_unary) * mask, axis=0
    )
    log_normalization += highest_transition * tf.reduce_sum(mask[1:], axis=0)

    def expected_transitions(weights: tf.Tensor) -> tf.Tensor:
        following = incoming[1:] * futures[1:] * mask[1:, :, tf.newaxis]
        following *= weights[tf.newaxis, :, tf.newaxis]
        tags = unary.shape[-1]
        pairs = tf.matmul(
            tf.reshape(states[:-1], [-1, tags]),
            tf.reshape(following, [-1, tags]),
            transpose_a=True,
        )
        return moves * pairs

    return Marginals(log_normalization, states * futures, expected_transitions)
