"""Gradients of few rows are products of sparse features and vectors."""

from __future__ import annotations

from typing import List

import numpy as np
import pytest
import scipy.sparse

from rasa_randconn.autodiff import RowGradient, RowParameter
from rasa_randconn.autodiff.row_gradient import row_gradient_of, sum_of

FEATURES, UNITS = 12, 3


@pytest.fixture
def features() -> List[scipy.sparse.csr_matrix]:
    """Sparse features of three products with the same kernel."""
    random = np.random.RandomState(1)
    return [
        scipy.sparse.random(rows, FEATURES, 0.2, "csr", np.float32, random)
        for rows in (5, 1, 9)
    ]


@pytest.fixture
def vectors() -> List[np.ndarray]:
    """Gradients with respect to these products."""
    random = np.random.default_rng(1)
    return [random.normal(size=(n, UNITS)).astype(np.float32) for n in (5, 1, 9)]


def gradient_of(features: scipy.sparse.csr_matrix, vectors: np.ndarray) -> RowGradient:
    transposed = features.T.tocsr()
    rows = np.flatnonzero(np.diff(transposed.indptr))
    indptr = np.append(transposed.indptr[rows], transposed.indptr[-1])
    return RowGradient(rows, indptr, transposed.indices, transposed.data, vectors)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_gradient_is_a_product(
    features: List[scipy.sparse.csr_matrix], vectors: List[np.ndarray], count: int
) -> None:
    parameter = RowParameter("kernel", np.zeros((FEATURES, UNITS), np.float32))
    assert parameter.row_gradient is None
    for one, its_vectors in list(zip(features, vectors))[:count]:
        parameter.add_row_gradient(gradient_of(one, its_vectors))
    gradient = parameter.row_gradient
    expected = sum(f.T @ v for f, v in list(zip(features, vectors))[:count])
    assert gradient is not None
    found = gradient.to_array(FEATURES)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(gradient.rows, np.flatnonzero(expected.any(axis=1)))
    parameter.clear_gradient()
    assert parameter.row_gradient is None


def test_sums_have_the_types_of_their_terms(
    features: List[scipy.sparse.csr_matrix], vectors: List[np.ndarray]
) -> None:
    single = row_gradient_of(np.array([1, 4]), vectors[0][:2])
    for array, of_one in zip(sum_of([single, single]), single):
        assert array.dtype == of_one.dtype


def test_known_gradients_stay_as_they_are(vectors: List[np.ndarray]) -> None:
    rows = np.array([1, 4, 5, 9, 11])
    found = row_gradient_of(rows, vectors[0]).to_array(FEATURES)
    np.testing.assert_array_equal(found[rows], vectors[0])
    assert not np.delete(found, rows, axis=0).any()
