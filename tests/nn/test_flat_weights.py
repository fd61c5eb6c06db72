"""Weights of a layer and its sublayers in one flat array."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.nn.flat_weights import FlatWeights
from rasa_randconn.nn.layer import Layer
from rasa_randconn.nn.randomly_connected import RandomlyConnected


class Pair(Layer):
    """Two layers, in a list, and weights of its own."""

    def __init__(self, parameters):
        self.layers = [
            RandomlyConnected(parameters, path, "attention", 12, 8) for path in "ab"
        ]
        self.gate = parameters.glorot_uniform("gate", (2, 3))

    def views(self, part_of):
        return part_of(self.gate)


@pytest.fixture(params=["grouped", "unstructured"])
def pair(request, make_parameters):
    return Pair(make_parameters(pattern=request.param))


def weights_of(pair):
    return [
        *(w for layer in pair.layers for w in (layer.kernel, layer.bias)),
        pair.gate,
    ]


def test_every_weight_has_a_place_of_its_own(pair):
    flat = FlatWeights(pair)
    assert flat.size == sum(parameter.array.size for parameter in weights_of(pair))
    marks = np.arange(flat.size, dtype=np.float32)
    views = flat.views(marks)
    found = [views[pair].ravel(), *(a for layer in pair.layers for a in views[layer])]
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), marks)


def test_passes_see_what_the_parameters_hold(pair):
    flat = FlatWeights(pair)
    for parameter in weights_of(pair):
        parameter.array += 1
    views = flat.by_layer
    np.testing.assert_array_equal(views[pair], pair.gate.array)
    for layer in pair.layers:
        kernel, bias = views[layer]
        np.testing.assert_array_equal(kernel, layer.kernel.array)
        np.testing.assert_array_equal(bias, layer.bias.array)


def test_weights_move_into_the_flat_array_as_they_are(pair):
    before = [parameter.array.copy() for parameter in weights_of(pair)]
    FlatWeights(pair)
    flat = pair.gate.array.base
    for parameter, array in zip(weights_of(pair), before):
        assert np.shares_memory(parameter.array, flat)
        np.testing.assert_array_equal(parameter.array, array)


def test_gradients_go_to_their_parameters_in_the_shape_of_these(pair):
    flat = FlatWeights(pair)
    gradients = np.arange(flat.size, dtype=np.float32)
    views = flat.views(gradients.copy())
    flat.add_gradients(gradients)
    np.testing.assert_array_equal(pair.gate.gradient, views[pair])
    for layer in pair.layers:
        kernel, bias = views[layer]
        np.testing.assert_array_equal(layer.kernel.gradient, kernel)
        np.testing.assert_array_equal(layer.bias.gradient, bias)


def test_a_layer_without_weights_of_its_own_has_no_views(make_parameters):
    class Chain(Layer):
        def __init__(self, parameters):
            self.only = RandomlyConnected(parameters, "a", "attention", 4, 4)

    chain = Chain(make_parameters())
    views = FlatWeights(chain).by_layer
    assert views[chain.only].bias.shape == (4,)
    with pytest.raises(KeyError):
        views[chain]
