from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.kernels.grouped_products import (
    kernel_gradient,
    multiply,
    multiply_backward,
)

GROUPS = 3


@pytest.fixture(params=[1, 3, 5, 51])
def indices(request):
    """Inputs of every group; some are in several groups, some may be in none."""
    generator, fan_in = np.random.default_rng(1), request.param
    return np.stack([generator.permutation(fan_in + 3)[:fan_in] for _ in range(GROUPS)])


@pytest.fixture
def kernel(normal, indices, units):
    return normal(GROUPS, indices.shape[1], units)


@pytest.fixture
def features(normal, indices, tokens):
    return normal(indices.shape[1] + 3, tokens)


@pytest.fixture
def gradients(normal, units, tokens):
    return normal(GROUPS * units, tokens)


def test_every_group_multiplies_its_inputs(kernel, indices, features, gradients):
    outputs = np.full_like(gradients, np.nan)
    multiply(kernel, indices, features, outputs)
    expected = np.matmul(kernel.transpose(0, 2, 1), features[indices])
    np.testing.assert_allclose(outputs, expected.reshape(outputs.shape), atol=1e-4)


def test_gradients_are_added_to_those_of_inputs(kernel, indices, features, gradients):
    expected = features.copy()
    np.add.at(expected, indices, kernel @ np.stack(np.split(gradients, GROUPS)))
    multiply_backward(kernel, indices, gradients, features)
    np.testing.assert_allclose(features, expected, atol=1e-4)


def test_every_group_gets_its_gradient(kernel, indices, features, gradients):
    found = np.full_like(kernel, np.nan)
    kernel_gradient(features, indices, gradients, found)
    of_groups = np.stack(np.split(gradients, GROUPS)).transpose(0, 2, 1)
    np.testing.assert_allclose(found, features[indices] @ of_groups, atol=1e-4)
