from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.connections import PATTERNS, sample_connectivity
from rasa_randconn.keras.packed_product import packed_product, unpack_kernel

every_pattern = pytest.mark.parametrize("pattern", PATTERNS)
every_shape = pytest.mark.parametrize(
    "inputs, units", [(16, 16), (1, 9), (9, 1), (13, 29), (29, 13)]
)
every_density = pytest.mark.parametrize("density", [0.0, 0.15, 0.5, 1.0])


@every_pattern
@every_shape
@every_density
@pytest.mark.parametrize("tokens", [0, 6])
def test_product_equals_that_of_the_dense_kernel(
    pattern, inputs, units, density, tokens
):
    connectivity = sample_connectivity(pattern, inputs, units, density, 1)
    generator = np.random.default_rng(2)
    kernel = generator.normal(size=connectivity.count)
    features = generator.normal(size=(inputs, tokens))
    np.testing.assert_allclose(
        packed_product(tf.constant(kernel), connectivity, tf.constant(features)),
        connectivity.unpack(kernel).T @ features,
        atol=1e-12,
    )


@every_pattern
@every_shape
@every_density
def test_unpacking_in_tensorflow_and_numpy_agree(pattern, inputs, units, density):
    connectivity = sample_connectivity(pattern, inputs, units, density, 1)
    kernel = np.arange(1.0, connectivity.count + 1)
    np.testing.assert_array_equal(
        unpack_kernel(tf.constant(kernel), connectivity), connectivity.unpack(kernel)
    )
