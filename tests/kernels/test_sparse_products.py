"""The oracle is SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from rasa_randconn.kernels.dropout import dropout_rate, is_kept, kept_factor, seed_of
from rasa_randconn.kernels.sparse_products import mark, multiply, multiply_backward

ROWS, FEATURES, UNITS = 60, 40, 33
SEED, UNIT_SEED = seed_of(1), seed_of(2)

every_rate = pytest.mark.parametrize(
    "rate, unit_rate", [(0.0, 0.0), (0.5, 0.0), (0.0, 0.25), (0.5, 0.25), (1.0, 0.0)]
)


@pytest.fixture
def features():
    """Sparse rows, of which some are empty and some name a feature twice."""
    random = np.random.default_rng(1)
    lengths = random.integers(0, 7, ROWS)
    lengths[[0, 30, -1]] = 0
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    columns = random.integers(FEATURES, size=indptr[-1]).astype(np.int32)
    return indptr, columns, random.normal(size=len(columns)).astype(np.float32)


def dropping(rate, unit_rate):
    threshold = dropout_rate(rate).threshold
    return SEED, threshold, UNIT_SEED, *dropout_rate(unit_rate)


def kept_features(features, rate):
    """What dropout of features leaves."""
    indptr, columns, values = features
    threshold = dropout_rate(rate).threshold
    is_left = np.array([is_kept(i, SEED, threshold) for i in range(len(values))])
    return scipy.sparse.csr_matrix(
        (values * is_left, columns, indptr), shape=(ROWS, FEATURES)
    )


def unit_factors(unit_rate):
    rate = dropout_rate(unit_rate)
    factors = [kept_factor(i, UNIT_SEED, *rate) for i in range(ROWS * UNITS)]
    return np.reshape(factors, (ROWS, UNITS))


def spans(count, size):
    return [(start, min(start + size, count)) for start in range(0, count, size)]


@every_rate
@pytest.mark.parametrize("rows_at_once", [7, ROWS])
def test_products_are_those_of_scipy(normal, features, rate, unit_rate, rows_at_once):
    kernel, bias = normal(FEATURES, UNITS), normal(UNITS)
    found = np.full((ROWS, UNITS), np.nan, np.float32)
    for span in spans(ROWS, rows_at_once):
        options = dropping(rate, unit_rate)
        multiply(*features, *span, kernel, bias, *options, found)
    product = kept_features(features, rate) @ kernel + bias
    np.testing.assert_allclose(found, product * unit_factors(unit_rate), atol=1e-5)


@every_rate
@pytest.mark.parametrize("units_at_once", [10, UNITS])
def test_gradients_are_added(normal, features, rate, unit_rate, units_at_once):
    gradients = normal(ROWS, UNITS)
    found, found_of_bias = normal(FEATURES, UNITS), normal(UNITS)
    of_products = gradients * unit_factors(unit_rate)
    expected = found + kept_features(features, rate).T @ of_products
    expected_of_bias = found_of_bias + of_products.sum(axis=0)
    for span in spans(UNITS, units_at_once):
        options = dropping(rate, unit_rate)
        multiply_backward(*features, gradients, *span, *options, found, found_of_bias)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(found_of_bias, expected_of_bias, atol=1e-4)


def test_features_that_occur_are_marked(features):
    marks = np.zeros(FEATURES, np.uint8)
    marks[3] = 1
    mark(features[1], marks)
    assert set(np.flatnonzero(marks)) == {3, *features[1]}
    assert set(marks) <= {0, 1}
