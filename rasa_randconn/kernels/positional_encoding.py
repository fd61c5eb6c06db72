"""What happens between the embedding's product and the first encoder layer."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled
from rasa_randconn.kernels.dropout import kept_factor


@compiled
def add_positional_encoding(
    features: np.ndarray,
    bias: np.ndarray,
    encoding: np.ndarray,
    positions: np.ndarray,
    seed: np.uint32,
    threshold: np.uint32,
    scale: np.float32,
) -> None:
    """Adds the bias, scales by the root of the units, adds positions, drops units.

    Args:
        features: Products `[units, tokens]`, changed in place.
        bias: `[units]`.
        encoding: Encoding of every position `[units, positions]`.
        positions: Position of every token in its example.
        seed: Seed of the dropout.
        threshold: Random bits below it drop a unit.
        scale: Factor for what is kept.

    Source: Vaswani et al., "Attention Is All You Need", 2017.
    """
    units, tokens = features.shape
    root = np.float32(np.sqrt(units))
    added = np.empty(tokens, np.float32)
    for unit in range(units):
        # apart, so that the loop with the arithmetic uses vectors
        unit_encoding = encoding[unit]
        for token in range(tokens):
            added[token] = unit_encoding[np.uint32(positions[token])]
        shift = bias[unit]
        for token in range(tokens):
            factor = kept_factor(unit * tokens + token, seed, threshold, scale)
            value = (features[unit, token] + shift) * root
            features[unit, token] = (value + added[token]) * factor


@compiled
def add_positional_encoding_backward(
    gradients: np.ndarray,
    seed: np.uint32,
    threshold: np.uint32,
    scale: np.float32,
    bias_gradient: np.ndarray,
) -> None:
    """Turns gradients of `add_positional_encoding`' result into those of the products.

    Args:
        gradients: `[units, tokens]`, changed in place.
        seed: Seed of the dropout.
        threshold: Random bits below it drop a unit.
        scale: Factor for what is kept.
        bias_gradient: Gets the gradient of the bias `[units]`.
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
