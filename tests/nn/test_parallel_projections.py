"""Layers that read the same inputs; the oracle is each of them alone."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.autodiff import Parameters
from rasa_randconn.connections import LAYER_KINDS, ConnectionSettings
from rasa_randconn.nn.flat_weights import FlatWeights
from rasa_randconn.nn.parallel_projections import ParallelProjections
from rasa_randconn.nn.randomly_connected import RandomlyConnected


def make(inputs, units, pattern):
    settings = ConnectionSettings(dict.fromkeys(LAYER_KINDS, 0.25), pattern, seed=1)
    parameters = Parameters(settings)
    return ParallelProjections(
        [
            RandomlyConnected(
                parameters, str(i), "attention", inputs, units, use_bias=False
            )
            for i in range(3)
        ]
    )


@pytest.mark.parametrize("tokens", [16, 144])
@pytest.mark.parametrize("pattern", ["grouped", "unstructured"])
@pytest.mark.parametrize("inputs, units", [(32, 48), (13, 37)])
def test_outputs_and_gradients_are_those_of_each_layer(
    normal, tokens, pattern, inputs, units
):
    together = make(inputs, units, pattern)
    rows, row_gradients = normal(2, inputs, tokens)
    outputs, output_gradients = normal(2, 3 * units, tokens)
    expected_row_gradients = row_gradients.copy()
    flat = FlatWeights(together)
    flat_gradients = np.full(flat.size, np.nan, np.float32)
    weights, gradients = flat.by_layer, flat.views(flat_gradients)
    together.forward(weights[together], rows, outputs)
    together.backward(
        weights[together],
        rows,
        output_gradients,
        gradients[together],
        row_gradients,
    )
    alone = flat.views(np.full(flat.size, np.nan, np.float32))
    for i, layer in enumerate(together.projections):
        part = slice(i * units, (i + 1) * units)
        expected = np.empty((units, tokens), np.float32)
        layer.forward(weights[layer], rows, expected)
        np.testing.assert_array_equal(outputs[part], expected)
        layer.backward(
            weights[layer],
            rows,
            output_gradients[part],
            alone[layer],
            expected_row_gradients,
        )
        np.testing.assert_array_equal(gradients[layer].kernel, alone[layer].kernel)
    np.testing.assert_array_equal(row_gradients, expected_row_gradients)
