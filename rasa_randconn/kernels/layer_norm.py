"""Layer normalisation of activations `[units, tokens]`."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.array_types import Floats1, Floats2
from rasa_randconn.kernels.compilation import compiled


@compiled
def normalize(
    features: Floats2,
    gamma: Floats1,
    beta: Floats1,
    epsilon: np.float32,
    standardized: Floats2,
    inverse_deviations: Floats1,
    outputs: Floats2,
) -> None:
    """Normalises each token over its units.

    Args:
        features: `[units, tokens]`.
        gamma: Scale `[units]`.
        beta: Shift `[units]`.
        epsilon: Added to the variance.
        standardized: Output: the features of each token with mean 0 and variance 1
            `[units, tokens]`.
        inverse_deviations: Output: 1 over the standard deviation of each token
            `[tokens]`.
        outputs: Output: the scaled and shifted features `[units, tokens]`.

    Source: Ba, Kiros and Hinton, "Layer Normalization", 2016.
    """
    units, tokens = features.shape
    means = np.zeros(tokens, np.float32)
    variances = np.zeros(tokens, np.float32)
    factor = np.float32(1.0 / units)
    for unit in range(units):
        for token in range(tokens):
            means[token] += features[unit, token]
    for token in range(tokens):
        means[token] *= factor
    for unit in range(units):
        for token in range(tokens):
            difference = features[unit, token] - means[token]
            variances[token] += difference * difference
    for token in range(tokens):
        inverse_deviations[token] = np.float32(1.0) / np.sqrt(
            variances[token] * factor + epsilon
        )
    for unit in range(units):
        scale, shift = gamma[unit], beta[unit]
        for token in range(tokens):
            value = (features[unit, token] - means[token]) * inverse_deviations[token]
            standardized[unit, token] = value
            outputs[unit, token] = value * scale + shift


@compiled
def normalize_backward(
    gradients: Floats2,
    gamma: Floats1,
    standardized: Floats2,
    inverse_deviations: Floats1,
    feature_gradients: Floats2,
    gamma_gradient: Floats1,
    beta_gradient: Floats1,
) -> None:
    """Computes the gradients of `normalize`.

    Args:
        gradients: Gradients with respect to the outputs `[units, tokens]`.
        gamma: Scale `[units]`.
        standardized: As computed by `normalize`.
        inverse_deviations: As computed by `normalize`.
        feature_gradients: Output: the gradients with respect to the features
            `[units, tokens]` are added to it.
        gamma_gradient: Output: the gradient with respect to the scale `[units]`.
        beta_gradient: Output: the gradient with respect to the shift `[units]`.
    """
    units, tokens = gradients.shape
    sums = np.zeros(tokens, np.float32)
    products = np.zeros(tokens, np.float32)
    factor = np.float32(1.0 / units)
    for unit in range(units):
        scale = gamma[unit]
        scale_gradient = np.float32(0.0)
        shift_gradient = np.float32(0.0)
        for token in range(tokens):
            gradient = gradients[unit, token]
            product = gradient * standardized[unit, token]
            scale_gradient += product
            shift_gradient += gradient
            sums[token] += gradient * scale
            products[token] += product * scale
        gamma_gradient[unit] = scale_gradient
        beta_gradient[unit] = shift_gradient
    for unit in range(units):
        scale = gamma[unit]
        for token in range(tokens):
            feature_gradients[unit, token] += inverse_deviations[token] * (
                gradients[unit, token] * scale
                - factor * (sums[token] + standardized[unit, token] * products[token])
            )
