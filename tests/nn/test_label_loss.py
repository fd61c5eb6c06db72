"""The oracle is Rasa's own loss, with the same negatives."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf
from rasa.utils.tensorflow.layers import SingleLabelDotProductLoss
from stock_twin import FixedChoices, fix_choices

from rasa_randconn.autodiff import Tape, Value
from rasa_randconn.nn.label_loss import Labelled, LabelLoss, LabelLossSettings

UNITS, LABELS, NEGATIVES = 6, 5, 8

#: Options of stock's loss.
CASES = {
    "cross entropy": {},
    "unconstrained": {"constrain_similarities": False},
    "cosine": {"similarity_type": "cosine"},
    "scaled": {"scale_loss": True},
    "scaled, unconstrained": {"scale_loss": True, "constrain_similarities": False},
    "margin": {"loss_type": "margin"},
    "margin of cosines": {"loss_type": "margin", "similarity_type": "cosine"},
    "margin of all negatives": {"loss_type": "margin", "use_max_sim_neg": False},
    "no negatives": {"num_candidates": 0},
    "no negatives in the margin": {"loss_type": "margin", "num_candidates": 0},
    "other margins": {
        "loss_type": "margin",
        "mu_pos": 0.4,
        "mu_neg": 0.3,
        "neg_lambda": 2.0,
    },
}

every_case = pytest.mark.parametrize("case", CASES)


def make_stock(case):
    return SingleLabelDotProductLoss(**{"num_candidates": NEGATIVES, **CASES[case]})


def make(case):
    stock = make_stock(case)
    return LabelLoss(
        LabelLossSettings(
            negatives=stock.num_neg,
            is_margin=stock.loss_type == "margin",
            is_cosine=stock.similarity_type == "cosine",
            is_scaled=stock.scale_loss,
            is_constrained=stock.constrain_similarities,
            is_softmax=stock.model_confidence == "softmax",
            largest_positive=stock.mu_pos,
            largest_negative=stock.mu_neg,
            uses_largest_negative=stock.use_max_sim_neg,
            margin_scale=stock.neg_lambda,
        )
    )


class Batch:
    """Embeddings of inputs, their labels and all labels, with keys."""

    def __init__(self, normal, rows, size=1.0):
        self.keys = np.random.default_rng(1).integers(LABELS, size=rows)
        self.all_keys = np.arange(LABELS)
        shapes = (rows, UNITS), (rows, UNITS), (LABELS, UNITS)
        self.embeddings = [size * normal(*shape) for shape in shapes]
        # some rows are close to their labels
        self.embeddings[0][::2] += 2 * self.embeddings[1][::2]

    def values(self):
        return [Value(array) for array in self.embeddings]

    def loss(self, case, tape, values, sample_weight=None):
        labelled = zip(values, (self.keys, self.keys, self.all_keys))
        return make(case)(tape, *itertools.starmap(Labelled, labelled), sample_weight)

    def stock_loss(self, case, embeddings):
        keys, all_keys = (
            tf.constant(keys[:, np.newaxis], tf.float32)
            for keys in (self.keys, self.all_keys)
        )
        return make_stock(case)(*embeddings[:2], keys, embeddings[2], all_keys)


def in_training():
    return Tape(FixedChoices(), is_training=True)


@every_case
@pytest.mark.parametrize("rows", [1, 12])
@pytest.mark.parametrize("size", [0.3, 1.0])
def test_loss_accuracy_and_gradients_are_those_of_stock(
    case, rows, size, normal, monkeypatch
):
    fix_choices(monkeypatch)
    batch = Batch(normal, rows, size)
    embeddings = [tf.constant(array) for array in batch.embeddings]
    with tf.GradientTape() as tape:
        tape.watch(embeddings)
        loss, accuracy = batch.stock_loss(case, embeddings)
    gradients = tape.gradient(loss, embeddings, unconnected_gradients="zero")
    values = batch.values()
    found, found_accuracy = batch.loss(case, in_training(), values)
    assert found == pytest.approx(float(loss), rel=1e-5)
    assert found_accuracy == pytest.approx(float(accuracy))
    for value, gradient in zip(values, gradients):
        np.testing.assert_allclose(value.gradient, gradient, atol=1e-5, rtol=1e-4)


def test_a_very_small_probability_has_the_loss_of_stock(normal, monkeypatch):
    fix_choices(monkeypatch)
    batch = Batch(normal, 12, size=8.0)
    embeddings = [tf.constant(array) for array in batch.embeddings]
    loss, _ = batch.stock_loss("unconstrained", embeddings)
    assert float(loss) > 100
    found, _ = batch.loss("unconstrained", in_training(), batch.values())
    assert found == pytest.approx(float(loss), rel=1e-5)


@every_case
def test_the_loss_is_the_same_without_training_and_has_no_gradients(case, normal):
    batch = Batch(normal, 12)
    values = batch.values()
    found = batch.loss(case, Tape(FixedChoices()), values)
    assert all(value.gradient is None for value in values)
    assert found == batch.loss(case, in_training(), values)


@every_case
def test_a_row_counts_by_its_sample_weight(case, normal):
    batch, sample_weight = (
        Batch(normal, 4),
        np.array([0.5, 0.0, 0.25, 0.25], np.float32),
    )
    equal, values = batch.values(), batch.values()
    batch.loss(case, in_training(), equal)
    loss, _ = batch.loss(case, in_training(), values, sample_weight)
    one_each = np.eye(4, dtype=np.float32)
    alone = [batch.loss(case, in_training(), batch.values(), s)[0] for s in one_each]
    assert loss == pytest.approx(np.dot(sample_weight, alone), rel=1e-5)
    # labels of its own only a row itself has
    expected = 4 * sample_weight[:, np.newaxis] * equal[1].gradient
    np.testing.assert_allclose(values[1].gradient, expected, atol=1e-5)


@every_case
def test_similarities_and_confidences_are_those_of_stock(case, normal):
    inputs, labels = normal(7, UNITS), normal(LABELS, UNITS)
    found = make(case).similarities_and_confidences(inputs, labels)
    expected = make_stock(case).get_similarities_and_confidences_from_embeddings(
        inputs[:, np.newaxis], labels[np.newaxis]
    )
    for array, stock_array in zip(found, expected):
        np.testing.assert_allclose(array, stock_array, atol=1e-5)


def test_an_embedding_of_zeros_has_finite_gradients(normal):
    batch = Batch(normal, 4)
    batch.embeddings[0][1] = 0.0
    values = batch.values()
    loss, _ = batch.loss("cosine", in_training(), values)
    assert np.isfinite(loss)
    assert all(np.isfinite(value.gradient).all() for value in values)
