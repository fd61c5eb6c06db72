from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.nn.similarities import (
    normalized,
    similarities_and_confidences,
    softmax,
)


@pytest.mark.parametrize("is_cosine", [False, True])
@pytest.mark.parametrize("is_softmax", [False, True])
def test_similarities_are_inner_products_or_cosines(normal, is_cosine, is_softmax):
    inputs, labels = normal(5, 4), normal(3, 4)
    found, confidences = similarities_and_confidences(
        inputs, labels, is_cosine, is_softmax
    )
    expected = inputs @ labels.T
    if is_cosine:
        norms = np.linalg.norm(inputs, axis=1)[:, None] * np.linalg.norm(labels, axis=1)
        expected = expected / norms
    np.testing.assert_allclose(found, expected, atol=1e-5)
    wanted = tf.nn.softmax(expected) if is_softmax else expected
    np.testing.assert_allclose(confidences, wanted, atol=1e-5)


def test_a_vector_of_zeros_stays_one():
    vectors, _ = normalized(np.zeros((1, 3), np.float32))
    assert not vectors.any()


def test_large_logits_do_not_overflow():
    assert softmax(np.array([[1e4, 0.0]])).tolist() == [[1.0, 0.0]]
