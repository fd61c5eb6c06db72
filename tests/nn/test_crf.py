"""The oracle is Rasa's own CRF layer."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from rasa.utils.tensorflow.layers import CRF

from rasa_randconn.autodiff import Tape, Value
from rasa_randconn.nn.crf import TagCounts, Tagger
from rasa_randconn.nn.dense import Dense

UNITS, TAGS, ENTITY_TAGS = 7, 5, 3

every_batch = pytest.mark.parametrize(
    "lengths, padded_length",
    [([6, 1, 4], 6), ([3], 3), ([2, 0, 5, 5], 8), ([1, 1], 1), ([0, 1], 2)],
    ids=str,
)


class Layers:
    """Ours and Rasa's with the same weights, and a batch for both."""

    def __init__(self, parameters, normal, lengths, padded_length, is_scaled=False):
        self.parameters = parameters
        self.dense = Dense(UNITS, TAGS, 0.0, parameters, "scores")
        self.ours = Tagger(self.dense, 0.002, is_scaled, parameters, "crf")
        self.stock = CRF(TAGS, 0.002, is_scaled)
        self.stock.build([None, None, TAGS])
        for parameter in parameters:
            parameter.array[...] = 2 * normal(*parameter.array.shape)
        self.stock.transition_params.assign(parameters["crf/transitions"].array)
        self.lengths = np.array(lengths)
        self.is_real = np.arange(padded_length) < self.lengths[:, np.newaxis]
        self.padded = normal(*self.is_real.shape, UNITS)
        self.tags = np.random.default_rng(2).integers(TAGS, size=self.is_real.shape)
        self.tokens = Value(self.padded[self.is_real])

    def loss(self, tape):
        return self.ours.loss(tape, self.tokens, self.lengths, self.tags[self.is_real])

    def expected_loss_and_gradients(self):
        """Gradients of tokens, kernel, bias and transitions."""
        sources = [
            tf.constant(self.padded),
            tf.constant(self.dense.kernel.array),
            tf.constant(self.dense.bias.array),
        ]
        variable = self.stock.transition_params
        with tf.GradientTape() as tape:
            tape.watch(sources)
            scores = sources[0] @ sources[1] + sources[2]
            loss = self.stock.loss(scores, self.tags, self.lengths)
        of_tokens, *gradients = tape.gradient(
            loss, [*sources, variable], unconnected_gradients="zero"
        )
        return loss, of_tokens.numpy()[self.is_real], *gradients


@pytest.fixture
def make(make_parameters, normal):
    def make(*batch, **options):
        return Layers(make_parameters(), normal, *batch, **options)

    return make


@pytest.mark.parametrize("is_scaled", [False, True])
@every_batch
def test_loss_and_gradients_are_those_of_stock(
    make, in_training, lengths, padded_length, is_scaled
):
    layers = make(lengths, padded_length, is_scaled=is_scaled)
    tape = in_training()
    loss, _ = layers.loss(tape)
    tape.backward()
    gradients = [x.gradient for x in (layers.tokens, *layers.parameters)]
    expected = layers.expected_loss_and_gradients()
    for found, stock in zip([loss, *gradients], expected):
        np.testing.assert_allclose(found, stock, rtol=1e-4, atol=1e-5)


def test_the_loss_is_the_same_without_training_and_has_no_gradients(make, in_training):
    layers = make([6, 1, 4], 6)
    tape = Tape(np.random.default_rng(1))
    assert layers.loss(tape) == layers.loss(in_training())
    for source in (layers.tokens, *layers.parameters):
        source.gradient = None
    layers.loss(tape)
    tape.backward()
    assert all(x.gradient is None for x in (layers.tokens, *layers.parameters))


@every_batch
def test_tags_and_confidences_are_those_that_stock_decodes(
    make, lengths, padded_length
):
    layers = make(lengths, padded_length)
    tags, confidences = layers.ours.decode(layers.tokens.array, layers.lengths)
    scores = layers.padded @ layers.dense.kernel.array + layers.dense.bias.array
    expected_tags, expected = layers.stock(scores, layers.lengths)
    np.testing.assert_array_equal(tags, expected_tags.numpy()[layers.is_real])
    expected = expected.numpy()[layers.is_real]
    # Rasa takes the confidence of the token after one, rounded down, for its tag: 1 if
    # it is exactly 1, and 0 just below. How sums are rounded decides between the two.
    is_decided = np.append(np.abs(expected[1:] - 1) > 1e-6, True)
    assert is_decided.mean() > 0.5
    np.testing.assert_allclose(
        confidences[is_decided], expected[is_decided], rtol=1e-4, atol=1e-6
    )


def test_found_wrong_and_missed_tags_are_counted(make):
    layers = make([4, 0, 2], 4)
    found, right = np.array([1, 2, 0, 3, 0, 0]), np.array([1, 3, 2, 3, 1, 0])
    layers.parameters["crf/transitions"].array[...] = 0
    layers.dense.kernel.array[...] = np.eye(UNITS, TAGS)
    layers.dense.bias.array[...] = 0
    layers.tokens.array[...] = np.eye(UNITS)[found]
    layers.tags[layers.is_real] = right
    assert layers.loss(Tape())[1] == TagCounts(right=2, wrong=1, missed=3)


def test_roles_depend_on_the_tags_of_entities(make_parameters, normal, in_training):
    parameters = make_parameters()
    embedding = Dense(ENTITY_TAGS, 4, 0.0, parameters, "tags")
    dense = Dense(UNITS + 4, TAGS, 0.0, parameters, "scores")
    roles = Tagger(dense, 0.0, False, parameters, "crf", embedding)
    tokens, entity_tags = normal(3, UNITS), np.array([0, 2, 1])
    one_hot = np.eye(ENTITY_TAGS, dtype=np.float32)[entity_tags]
    joined = np.hstack([tokens, one_hot @ embedding.kernel.array])
    plain = Tagger(dense, 0.0, False, make_parameters(), "crf")
    options = np.array([3]), np.array([1, 0, 4])
    loss, _ = roles.loss(Tape(), Value(tokens), *options, entity_tags)
    assert loss == pytest.approx(plain.loss(Tape(), Value(joined), *options)[0])
    tags, _ = roles.decode(tokens, options[0], entity_tags)
    np.testing.assert_array_equal(tags, plain.decode(joined, options[0])[0])

    def loss_of(tape):
        return roles.loss(tape, Value(tokens), *options, entity_tags)[0]

    tape = in_training()
    loss_of(tape)
    tape.backward()
    for parameter in (embedding.kernel, embedding.bias):
        direction = normal(*parameter.array.shape)
        kept, losses = parameter.array.copy(), []
        for step in (0.01, -0.01):
            parameter.array[...] = kept + np.float32(step) * direction
            losses.append(loss_of(Tape()))
        parameter.array[...] = kept
        slope = (losses[0] - losses[1]) / 0.02
        found = np.sum(parameter.gradient * direction)
        assert found == pytest.approx(slope, rel=0.01, abs=1e-3)


@pytest.mark.parametrize("tag", [-1, TAGS])
def test_tags_that_do_not_exist_are_refused(make, in_training, tag):
    layers = make([6, 1, 4], 6)
    layers.tags[0, 0] = tag
    with pytest.raises(ValueError, match=f"only {TAGS} different ones"):
        layers.loss(in_training)


def test_another_number_of_tags_than_tokens_is_refused(make, in_training):
    layers = make([6, 1, 4], 6)
    layers.is_real[0, 5] = False
    with pytest.raises(ValueError, match="10 tags, but 11 rows"):
        layers.loss(in_training)
