"""The oracle is SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from references.dropout import is_kept, kept_factors

from rasa_randconn.kernels.dropout import dropout_rate, seed_of
from rasa_randconn.kernels.sparse_products import (
    drop_features,
    group_by_column,
    kernel_gradient,
    multiply,
    multiply_backward,
)

ROWS, FEATURES = 60, 40
SEED = seed_of(1)

# less than a vector, and several with a remainder
every_width = pytest.mark.parametrize("units", [9, 33, 128 + 64 + 32 + 3])
every_rate = pytest.mark.parametrize("rate", [0.0, 0.25])


@pytest.fixture
def features():
    """Sparse rows, of which some are empty and some name a feature twice."""
    random = np.random.default_rng(1)
    lengths = random.integers(0, 7, ROWS)
    lengths[[0, 30, -1]] = 0
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    columns = random.integers(FEATURES, size=indptr[-1]).astype(np.int32)
    columns[columns == 17] = 18
    return indptr, columns, random.normal(size=len(columns)).astype(np.float32)


def matrix(features):
    indptr, columns, values = features
    return scipy.sparse.csr_matrix((values, columns, indptr), (ROWS, FEATURES))


def factors(rate, units):
    return kept_factors((ROWS, units), SEED, *dropout_rate(rate))


def spans(count, size):
    return [(start, min(start + size, count)) for start in range(0, count, size)]


@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_features_are_dropped(features, rate):
    indptr, columns, values = features
    threshold = dropout_rate(rate).threshold
    is_left = is_kept(np.arange(len(values)), SEED, threshold)
    found = [np.empty_like(array) for array in features]
    drop_features(*features, SEED, threshold, *found)
    count = found[0][-1]
    assert count == is_left.sum()
    kept = found[0], found[1][:count], found[2][:count]
    expected = matrix((indptr, columns, values * is_left)).toarray()
    np.testing.assert_allclose(matrix(kept).toarray(), expected, rtol=1e-6)


def test_groups_are_the_columns_that_occur(features):
    _, indices, data = features
    count, columns = np.zeros(1, np.int64), np.zeros(FEATURES, np.int64)
    column_indptr = np.zeros(FEATURES + 1, np.int64)
    rows, row_data = np.empty_like(indices), np.empty_like(data)
    outputs = count, columns, column_indptr, rows, row_data
    group_by_column(*features, FEATURES, *outputs)
    columns, column_indptr = columns[: count[0]], column_indptr[: count[0] + 1]
    np.testing.assert_array_equal(columns, np.unique(indices))
    found = scipy.sparse.csr_matrix((row_data, rows, column_indptr), (count[0], ROWS))
    expected = matrix(features).toarray().T[columns]
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-6)
    for start, end in zip(column_indptr, column_indptr[1:]):
        assert (np.diff(rows[start:end]) >= 0).all()


@every_width
@every_rate
@pytest.mark.parametrize("rows_at_once", [7, ROWS])
def test_products_are_those_of_scipy(normal, features, units, rate, rows_at_once):
    kernel, bias = normal(FEATURES, units), normal(units)
    found = np.full((ROWS, units), np.nan, np.float32)
    for span in spans(ROWS, rows_at_once):
        multiply(*features, *span, kernel, bias, SEED, *dropout_rate(rate), found)
    product = matrix(features) @ kernel + bias
    np.testing.assert_allclose(found, product * factors(rate, units), atol=1e-5)


@every_rate
@pytest.mark.parametrize("rows_at_once", [7, ROWS])
def test_gradients_are_those_of_the_units_that_are_kept(normal, rate, rows_at_once):
    gradients, found = normal(ROWS, 33), np.full((ROWS, 33), np.nan, np.float32)
    expected, of_bias = gradients * factors(rate, 33), np.zeros(33, np.float32)
    for span in spans(ROWS, rows_at_once):
        part = np.full(33, np.nan, np.float32)
        options = SEED, *dropout_rate(rate)
        multiply_backward(gradients, *span, *options, found, part)
        of_bias += part
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(of_bias, expected.sum(axis=0), atol=1e-4)


@every_width
def test_the_gradient_of_the_kernel_is_that_of_scipy(normal, features, units):
    gradients = normal(ROWS, units)
    found = np.full((FEATURES, units), np.nan, np.float32)
    kernel_gradient(*features, gradients, found)
    expected = matrix(features).T @ gradients
    np.testing.assert_allclose(found, expected, atol=1e-5)
