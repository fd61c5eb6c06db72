"""The kernels equal plain NumPy, for numbers of negatives that fill no vector."""

from __future__ import annotations

import numpy as np
import pytest
from references import label_loss as reference

from rasa_randconn.kernels import label_loss

ROWS, LABELS = 9, 5


@pytest.fixture(params=[0, 1, 20])
def negatives(request):
    return request.param


class Embeddings:
    """Embedded inputs and labels, and the negative examples of each."""

    def __init__(self, normal, units, negatives):
        random = np.random.default_rng(2)
        self.ids = random.integers(LABELS, size=ROWS)
        self.vectors = [normal(n, units) for n in (ROWS, ROWS, LABELS)]
        self.negatives = [
            random.integers(count, size=(ROWS, negatives)) for count in (LABELS, ROWS)
        ]

    def similarities(self, module, negatives):
        outputs = np.full((ROWS, 1 + 4 * negatives), np.nan, np.float32)
        ids = self.ids, np.arange(LABELS)
        module.similarities(*self.vectors, *ids, *self.negatives, outputs)
        return outputs


def test_similarities_are_inner_products(normal, units, negatives):
    embeddings = Embeddings(normal, units, negatives)
    found = embeddings.similarities(label_loss, negatives)
    expected = embeddings.similarities(reference, negatives)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_gradients_of_all_similarities_are_added_up(normal, units, negatives):
    embeddings = Embeddings(normal, units, negatives)
    gradients = normal(ROWS, 1 + 4 * negatives)
    found = [normal(*vectors.shape) for vectors in embeddings.vectors]
    expected = [array.copy() for array in found]
    arguments = *embeddings.vectors, *embeddings.negatives, gradients
    label_loss.similarities_backward(*arguments, *found)
    reference.similarities_backward(*arguments, *expected)
    for array, expected_array in zip(found, expected):
        np.testing.assert_allclose(array, expected_array, atol=1e-4)


@pytest.mark.parametrize("is_constrained", [False, True])
@pytest.mark.parametrize("size", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("negatives", [0, 3, 300])
def test_losses_and_gradients_are_those_of_the_cross_entropy(
    normal, negatives, size, is_constrained
):
    similarities = size * normal(ROWS, 1 + 4 * negatives)
    similarities[:, 1::3] = -1e9
    found, expected = (
        (np.full(ROWS, np.nan, np.float32), np.full_like(similarities, np.nan))
        for _ in range(2)
    )
    label_loss.cross_entropy(similarities, is_constrained, *found)
    reference.cross_entropy(similarities, is_constrained, *expected)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4, atol=1e-6)
