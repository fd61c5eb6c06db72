from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.connections import sample_connectivity
from rasa_randconn.kernels.products import (
    JoinedProduct,
    PackedProduct,
    multiply,
    multiply_backward,
)


@pytest.fixture(
    params=[
        pytest.param(("grouped", 32, 32, 0.25), id="equal groups"),
        pytest.param(("grouped", 13, 37, 0.3), id="left-over units"),
        pytest.param(("grouped", 29, 13, 0.0), id="left-over inputs"),
        pytest.param(("grouped", 13, 29, 1.0), id="dense"),
        pytest.param(("grouped", 1, 9, 0.5), id="one input"),
        pytest.param(("grouped", 9, 1, 0.5), id="one unit"),
        pytest.param(("unstructured", 13, 29, 0.3), id="unstructured"),
        pytest.param(("unstructured", 29, 13, 1.0), id="unstructured, dense"),
    ]
)
def connectivity(request):
    return sample_connectivity(*request.param, seed=1)


def test_product_and_gradients_equal_those_of_the_dense_kernel(
    normal, connectivity, tokens
):
    product = PackedProduct(connectivity)
    packed = normal(connectivity.count)
    kernel, dense = product.multiplied(packed), connectivity.unpack(packed)
    features, feature_gradients = normal(2, connectivity.inputs, tokens)
    outputs, gradients = normal(2, connectivity.units, tokens)
    kernel_gradient = np.full(product.size, np.nan, np.float32)
    layer, layer_gradient = map(product.layer_kernel, (kernel, kernel_gradient))
    expected_gradients = feature_gradients + dense @ gradients
    multiply(layer, features, outputs)
    multiply_backward(layer, features, gradients, layer_gradient, feature_gradients)
    np.testing.assert_allclose(outputs, dense.T @ features, atol=1e-4)
    np.testing.assert_allclose(feature_gradients, expected_gradients, atol=1e-4)
    found, expected = product.packed(kernel_gradient), features @ gradients.T
    assert found.shape == (connectivity.count,)
    np.testing.assert_allclose(found, connectivity.pack(expected), atol=1e-4)


def test_only_unstructured_kernels_are_spread_out(normal, connectivity):
    product = PackedProduct(connectivity)
    kernel = normal(connectivity.count)
    is_grouped = connectivity.pattern == "grouped"
    dense_size = connectivity.inputs * connectivity.units
    assert product.size == (connectivity.count if is_grouped else dense_size)
    assert product.multiplied(kernel).shape == (product.size,)
    np.testing.assert_array_equal(product.packed(product.multiplied(kernel)), kernel)
    put = np.full(product.size, np.nan, np.float32)
    product.put(kernel, put)
    np.testing.assert_array_equal(put, product.multiplied(kernel))


@pytest.mark.parametrize("shape, has_left", [((32, 32), False), ((13, 37), True)])
def test_groups_of_another_size_are_kept_apart(shape, has_left):
    product = PackedProduct(sample_connectivity("grouped", *shape, 0.3, seed=1))
    layer = product.layer_kernel(np.zeros(product.size, np.float32))
    assert (len(layer.left.indices) > 0) == has_left
    assert layer.equal.kernel.size + layer.left.kernel.size == product.size


def drawn_products(shape, number=3):
    return [
        PackedProduct(sample_connectivity("grouped", *shape, 0.25, seed))
        for seed in range(number)
    ]


def test_joined_products_and_gradients_are_those_of_every_kernel(normal, tokens):
    products = drawn_products((32, 48))
    joined = JoinedProduct.of(products)
    kernels = normal(3, products[0].size)
    kernel_gradients = np.full_like(kernels, np.nan)
    features, feature_gradients = normal(2, 32, tokens)
    outputs, gradients = normal(2, 3, 48, tokens)
    expected_feature_gradients = feature_gradients.copy()
    together = joined.layer_kernel(kernels.ravel())
    multiply(together, features, outputs.reshape(144, -1))
    multiply_backward(
        together,
        features,
        gradients.reshape(144, -1),
        joined.layer_kernel(kernel_gradients.reshape(-1)),
        feature_gradients,
    )
    for i, product in enumerate(products):
        alone, expected = product.layer_kernel(kernels[i]), np.empty_like(outputs[i])
        multiply(alone, features, expected)
        np.testing.assert_array_equal(outputs[i], expected)
        expected_gradient = np.empty_like(kernels[i])
        multiply_backward(
            alone,
            features,
            gradients[i],
            product.layer_kernel(expected_gradient),
            expected_feature_gradients,
        )
        np.testing.assert_array_equal(kernel_gradients[i], expected_gradient)
    np.testing.assert_array_equal(feature_gradients, expected_feature_gradients)


def test_products_of_other_sizes_and_with_groups_left_over_are_not_joined():
    products = drawn_products((32, 48))
    assert JoinedProduct.of(products + drawn_products((32, 32), 1)) is None
    assert JoinedProduct.of(drawn_products((13, 37))) is None
