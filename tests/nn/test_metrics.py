"""Metrics are means of batches, F1 scores of all batches so far."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from rasa.utils.tensorflow.layers import CRF

from rasa_randconn.nn.crf import TagCounts
from rasa_randconn.nn.metrics import Metrics


def test_means_are_those_of_the_batches_so_far():
    metrics = Metrics()
    assert metrics.means() == {}
    for value in (1.0, 2.0, 6.0):
        metrics.add("loss", value)
    metrics.add("accuracy", 0.5)
    assert metrics.means() == {"loss": 3.0, "accuracy": 0.5}
    metrics.add("accuracy", 1.0)
    assert metrics.means() == {"loss": 3.0, "accuracy": 0.75}


def test_f1_scores_are_those_of_rasa():
    random = np.random.default_rng(1)
    stock, mean, metrics = CRF(4, 0.0, False), tf.keras.metrics.Mean(), Metrics()
    for size in (9, 30, 4):
        tags, found = random.integers(4, size=(2, size))
        mask = tf.ones([1, size, 1])
        mean.update_state(stock.f1_score(tags[np.newaxis], found[np.newaxis], mask))
        is_right = tags == found
        counts = TagCounts(
            np.sum(is_right & (tags > 0)),
            np.sum(~is_right & (found > 0)),
            np.sum(~is_right & (tags > 0)),
        )
        metrics.add_counts("e_f1", counts)
    assert metrics.means()["e_f1"] == pytest.approx(float(mean.result()))


def test_the_f1_score_is_zero_where_there_are_no_tags():
    metrics = Metrics()
    metrics.add_counts("e_f1", TagCounts(0, 0, 0))
    assert metrics.means() == {"e_f1": 0.0}
