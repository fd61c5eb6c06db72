"""Positional encoding, with the bias, scaling and dropout of the embedding layer."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.array_types import Floats1, Floats2, Integers1
from rasa_randconn.kernels.compilation import compiled
from rasa_randconn.kernels.dropout import kept_factor


@compiled
def add_positional_encoding(
    features: Floats2,
    bias: Floats1,
    encoding: Floats2,
    positions: Integers1,
    seed: np.uint32,
    threshold: np.uint32,
    scale: np.float32,
) -> None:
    """Adds bias and positional encoding to the embedding layer's products.

    `((features + bias) * sqrt(units) + encoding[:, positions])`, with dropout.

    Args:
        features: Products `[units, tokens]`, updated in place.
        bias: `[units]`.
        encoding: Encodings of all positions `[units, positions]`.
        positions: Position of each token in its example `[tokens]`.
        seed: Seed of the dropout.
        threshold: Random bits below it drop a unit.
        scale: Factor of kept units.

    Source: Vaswani et al., "Attention Is All You Need", 2017.
    """
    units, tokens = features.shape
    root = np.float32(np.sqrt(units))
    added_encoding = np.empty(tokens, np.float32)
    for unit in range(units):
        # a gather in a loop of its own, so that the arithmetic below is vectorised
        unit_encoding = encoding[unit]
        for token in range(tokens):
            added_encoding[token] = unit_encoding[np.uint32(positions[token])]
        shift = bias[unit]
        for token in range(tokens):
            factor = kept_factor(unit * tokens + token, seed, threshold, scale)
            value = (features[unit, token] + shift) * root
            features[unit, token] = (value + added_encoding[token]) * factor


@compiled
def add_positional_encoding_backward(
    gradients: Floats2,
    seed: np.uint32,
    threshold: np.uint32,
    scale: np.float32,
    bias_gradient: Floats1,
) -> None:
    """Computes the gradients of `add_positional_encoding`.

    Args:
        gradients: Gradients with respect to the result `[units, tokens]`; output: those
            with respect to the products.
        seed: Seed of the dropout.
        threshold: Random bits below it drop a unit.
        scale: Factor of kept units.
        bias_gradient: Output: the gradient with respect to the bias `[units]`.
    """
    units, tokens = gradients.shape
    root = np.float32(np.sqrt(units))
    for unit in range(units):
        total = np.float32(0.0)
        for token in range(tokens):
            factor = kept_factor(unit * tokens + token, seed, threshold, scale)
            gradient = gradients[unit, token] * root * factor
            gradients[unit, token] = gradient
            total += gradient
        bias_gradient[unit] = total
