from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.kernels.dropout import dropout_rate
from rasa_randconn.kernels.positional_encoding import (
    add_positional_encoding,
    add_positional_encoding_backward,
)

SEED = np.uint32(1)


def encode(features, bias, encoding, positions, rate=0.0):
    outputs = features.copy()
    add_positional_encoding(
        outputs, bias, encoding, positions, SEED, *dropout_rate(rate)
    )
    return outputs


def test_tokens_are_scaled_and_get_their_position(normal, units, tokens):
    features, bias, encoding = normal(units, tokens), normal(units), normal(units, 9)
    positions = np.arange(tokens) % 9
    scaled = (features + bias[:, np.newaxis]) * np.sqrt(units)
    expected = scaled + encoding[:, positions]
    found = encode(features, bias, encoding, positions)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rate, scale", [(0.0, 1.0), (0.2, 1.25), (1.0, 0.0)])
def test_tokens_and_gradients_are_dropped_and_scaled_together(normal, rate, scale):
    inputs = normal(32, 257), normal(32), normal(32, 257), np.arange(257)
    outputs = encode(*inputs, rate)
    factors = scale * (outputs != 0)
    assert abs((outputs != 0).mean() - (1 - rate)) < 0.03
    np.testing.assert_allclose(outputs, factors * encode(*inputs), rtol=1e-5)

    gradients, bias_gradient = normal(32, 257), np.full(32, np.nan, np.float32)
    expected = gradients * np.sqrt(32) * factors
    add_positional_encoding_backward(
        gradients, SEED, *dropout_rate(rate), bias_gradient
    )
    np.testing.assert_allclose(gradients, expected, rtol=1e-5)
    np.testing.assert_allclose(bias_gradient, expected.sum(axis=1), atol=1e-3)
