"""The products of both patterns; the oracle is the dense kernel with zeros."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.connections import PATTERNS, sample_connectivity
from rasa_randconn.nn.products import products_of

INPUTS, UNITS, TOKENS = 40, 24, 48


def computed(pattern, density):
    """The connectivity, and what its products compute from the same numbers."""
    connectivity = sample_connectivity(pattern, INPUTS, UNITS, density, 1)
    products = products_of(connectivity)
    random = np.random.default_rng(1)
    kernel = connectivity.pack(random.normal(size=(INPUTS, UNITS)).astype(np.float32))
    inputs, input_gradients = random.normal(size=(2, INPUTS, TOKENS)).astype(np.float32)
    output_gradients = random.normal(size=(UNITS, TOKENS)).astype(np.float32)
    outputs = np.full((UNITS, TOKENS), np.nan, np.float32)
    kernel_gradient = np.full_like(kernel, np.nan)
    dense = connectivity.unpack(kernel)
    expected = (
        dense.T @ inputs,
        connectivity.pack(inputs @ output_gradients.T),
        input_gradients + dense @ output_gradients,
    )
    products.multiply(kernel, inputs, outputs)
    products.multiply_backward(
        kernel, inputs, output_gradients, kernel_gradient, input_gradients
    )
    return (outputs, kernel_gradient, input_gradients), expected


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("density", [0.0, 0.1, 0.6, 1.0])
def test_products_are_those_of_the_dense_kernel(pattern, density):
    for found, expected in zip(*computed(pattern, density)):
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_at_density_1_all_patterns_compute_the_same():
    one, other = (computed(pattern, 1.0)[0] for pattern in PATTERNS)
    for array, same in zip(one, other):
        np.testing.assert_array_equal(array, same)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_products_take_whole_vectors_only(pattern):
    products = products_of(sample_connectivity(pattern, 4, 4, 0.5, 1))
    activations = np.zeros((4, 7), np.float32)
    with pytest.raises(ValueError, match="7 tokens"):
        products.multiply(np.zeros(8, np.float32), activations, activations)
