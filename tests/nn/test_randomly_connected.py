"""The randomly connected layer; the oracle is the dense kernel with zeros."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.autodiff import Parameters
from rasa_randconn.connections import LAYER_KINDS, ConnectionSettings
from rasa_randconn.nn.flat_weights import FlatWeights
from rasa_randconn.nn.randomly_connected import RandomlyConnected


def make(pattern, inputs, units, density, **options):
    """A layer with random weights."""
    settings = ConnectionSettings(dict.fromkeys(LAYER_KINDS, density), pattern, seed=1)
    layer = RandomlyConnected(
        Parameters(settings), "a", "attention", inputs, units, **options
    )
    if layer.bias is not None:
        layer.bias.array[...] = np.random.default_rng(2).normal(size=units)
    return layer


@pytest.fixture(
    params=[
        pytest.param(("grouped", 32, 32, 0.25), id="equal groups"),
        pytest.param(("grouped", 13, 37, 0.3), id="groups of two sizes"),
        pytest.param(("grouped", 29, 13, 0.0), id="no density, many inputs"),
        pytest.param(("grouped", 13, 29, 1.0), id="dense"),
        pytest.param(("grouped", 1, 9, 0.5), id="one input"),
        pytest.param(("grouped", 9, 1, 0.5), id="one unit"),
        pytest.param(("unstructured", 13, 29, 0.3), id="unstructured"),
        pytest.param(("unstructured", 29, 13, 0.0), id="unstructured, no density"),
        pytest.param(("unstructured", 300, 170, 0.2), id="unstructured, many blocks"),
        pytest.param(("unstructured", 29, 13, 1.0), id="unstructured, dense"),
    ]
)
def layer(request):
    return make(*request.param)


@pytest.fixture
def normal():
    """Draws an array of a shape, another one in every call."""
    generator = np.random.default_rng(1)
    return lambda *shape: generator.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("tokens", [16, 48, 144, 272])
def test_outputs_and_gradients_equal_those_of_the_dense_kernel(layer, normal, tokens):
    connectivity = layer.connectivity
    dense = connectivity.unpack(layer.kernel.array)
    inputs, input_gradients = normal(2, connectivity.inputs, tokens)
    outputs, output_gradients = normal(2, connectivity.units, tokens)
    expected_gradients = input_gradients + dense @ output_gradients
    flat = FlatWeights(layer)
    flat_gradients = np.zeros(flat.size, np.float32)
    weights, gradients = flat.by_layer[layer], flat.views(flat_gradients)[layer]
    layer.forward(weights, inputs, outputs)
    layer.backward(weights, inputs, output_gradients, gradients, input_gradients)
    np.testing.assert_allclose(outputs, dense.T @ inputs, atol=1e-4)
    np.testing.assert_allclose(input_gradients, expected_gradients, atol=1e-4)
    flat.add_gradients(flat_gradients)
    expected = connectivity.pack(inputs @ output_gradients.T)
    assert layer.kernel.gradient.shape == (connectivity.count,)
    np.testing.assert_allclose(layer.kernel.gradient, expected, atol=1e-4)
    np.testing.assert_array_equal(weights.bias, layer.bias.array)


def test_a_layer_has_no_weight_for_a_connection_that_does_not_exist(layer):
    assert layer.kernel.array.shape == (layer.connectivity.count,)
    assert layer.kernel.density == layer.connectivity.mask().mean()


def test_initial_weights_scale_with_the_real_fan_in_and_fan_out():
    layer = make("grouped", 300, 200, 0.1)
    limit = np.sqrt(6 / (30 + 20))
    assert np.abs(layer.kernel.array).max() == pytest.approx(limit, rel=0.01)
    assert layer.kernel.array.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)


def test_a_layer_without_bias_has_a_kernel_only():
    layer = make("grouped", 8, 8, 0.5, use_bias=False)
    assert [p.path for p in layer.own_parameters()] == ["a/kernel"]
    assert FlatWeights(layer).by_layer[layer].bias.size == 0
