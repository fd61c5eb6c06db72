"""Similarities with some candidates are entries of the product with all of them."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.kernels.candidates import (
    similarities,
    similarities_backward,
)

OTHERS = 6


@pytest.fixture(params=[(1, 1), (9, 4), (5, 20)])
def chosen(request):
    """Numbers of candidates, of which some occur more than once."""
    return np.random.default_rng(1).integers(OTHERS, size=request.param)


def test_similarities_are_products_with_the_candidates(normal, chosen, units):
    vectors, others = normal(len(chosen), units), normal(OTHERS, units)
    found = np.full(chosen.shape, np.nan, np.float32)
    similarities(vectors, others, chosen, found)
    expected = np.take_along_axis(vectors @ others.T, chosen, axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_gradients_of_all_candidates_are_added_up(normal, chosen, units):
    vectors, others = normal(len(chosen), units), normal(OTHERS, units)
    gradients = normal(*chosen.shape)
    found = [normal(*vectors.shape), normal(*others.shape)]
    dense = np.zeros((len(chosen), OTHERS), np.float32)
    np.add.at(dense, (np.arange(len(chosen))[:, np.newaxis], chosen), gradients)
    expected = [found[0] + dense @ others, found[1] + dense.T @ vectors]
    similarities_backward(vectors, others, chosen, gradients, *found)
    for gradient, expected_gradient in zip(found, expected):
        np.testing.assert_allclose(gradient, expected_gradient, atol=1e-5)


def test_vectors_can_be_their_own_candidates(normal, units):
    vectors, chosen = normal(OTHERS, units), np.array([[1], [2], [0], [3], [3], [1]])
    gradients, found = normal(OTHERS, 1), np.zeros((OTHERS, units), np.float32)
    similarities_backward(vectors, vectors, chosen, gradients, found, found)
    expected = gradients * vectors[chosen[:, 0]]
    np.add.at(expected, chosen[:, 0], gradients * vectors)
    np.testing.assert_allclose(found, expected, atol=1e-5)
