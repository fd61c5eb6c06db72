from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.kernels.unstructured_products import (
    BLOCK,
    blocked_indptr,
    kernel_gradient,
    multiply,
    multiply_backward,
)


@pytest.fixture(params=[(7, 3), (40, BLOCK + 1), (3 * BLOCK, 9)])
def mask(request):
    """Where connections exist `[inputs, units]`; some rows and columns have none."""
    return np.random.default_rng(1).random(request.param) < 0.3


@pytest.fixture
def dense(normal, mask):
    """The kernel, spread out."""
    return np.where(mask, normal(*mask.shape), 0)


@pytest.fixture(params=[16, 32, 48, 64, 144, 272])
def tokens(request):
    """Few and many tokens; some fill no block."""
    return request.param


@pytest.fixture
def features(normal, mask, tokens):
    return normal(mask.shape[0], tokens)


@pytest.fixture
def gradients(normal, mask, tokens):
    return normal(mask.shape[1], tokens)


def rows_of(mask):
    """The connections of a mask, row by row."""
    rows, indices = np.nonzero(mask)
    return blocked_indptr(rows, indices, mask.shape), indices.astype(np.int32)


def test_outputs_are_products_with_the_kernel(dense, mask, features, gradients):
    outputs = np.full_like(gradients, np.nan)
    random_order = np.random.default_rng(2).permutation(mask.sum())
    kernel = np.empty(mask.sum(), np.float32)
    kernel[random_order] = dense.T[mask.T]
    positions = random_order.astype(np.int32)
    multiply(*rows_of(mask.T), positions, kernel, features, outputs)
    np.testing.assert_allclose(outputs, dense.T @ features, atol=1e-4)


def test_gradients_are_added_to_those_of_inputs(dense, mask, features, gradients):
    expected = features + dense @ gradients
    multiply_backward(*rows_of(mask), dense[mask], gradients, features)
    np.testing.assert_allclose(features, expected, atol=1e-4)


def test_every_connection_gets_its_gradient(mask, features, gradients):
    found = np.full(mask.sum(), np.nan, np.float32)
    kernel_gradient(*rows_of(mask), features, gradients, found)
    expected = (features @ gradients.T)[mask]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_row_begins_anew_with_every_block():
    rows, indices = np.array([0, 0, 0, 2]), np.array([1, BLOCK - 1, BLOCK, 2 * BLOCK])
    found = blocked_indptr(rows, indices, (3, 2 * BLOCK + 1))
    np.testing.assert_array_equal(found, [0, 2, 3, 3, 3, 3, 3, 3, 3, 4])
