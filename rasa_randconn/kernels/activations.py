"""GELU, fused with the bias before it and the dropout after it."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.array_types import Floats1, Floats2
from rasa_randconn.kernels.compilation import compiled, float_from_bits, inlined
from rasa_randconn.kernels.dropout import kept_factor

_LOG2_E = np.float32(1.44269504)
_LN_2_HIGH = np.float32(0.693359375)
_LN_2_LOW = np.float32(-2.12194440e-4)
_HALF = np.float32(0.5)
_ONE = np.float32(1.0)
_SQRT_HALF = np.float32(0.70710678118)
_NORMAL_DENSITY_AT_ZERO = np.float32(0.3989422804)
_LOWEST_EXPONENT = np.float32(-87.0)
_LARGEST_ERF_INPUT = np.float32(3.8325066)


@inlined
def exp_of_negative(x: np.float32) -> np.float32:
    """Computes `exp(x)` for `x <= 0`, within two roundings.

    Source: the polynomial of Cephes' `expf`.
    """
    x = _LOWEST_EXPONENT if x < _LOWEST_EXPONENT else x  # keeps NaN
    rounded = np.int32(x * _LOG2_E - _HALF)
    power = np.float32(rounded)
    x = x - power * _LN_2_HIGH - power * _LN_2_LOW
    y = np.float32(1.9875691500e-4)
    y = y * x + np.float32(1.3981999507e-3)
    y = y * x + np.float32(8.3334519073e-3)
    y = y * x + np.float32(4.1665795894e-2)
    y = y * x + np.float32(1.6666665459e-1)
    y = y * x + np.float32(5.0000001201e-1)
    y = y * x * x + x + _ONE
    return y * float_from_bits(np.int32((rounded + np.int32(127)) << np.int32(23)))


@inlined
def _erf(x: np.float32) -> np.float32:
    """The error function, as a rational approximation.

    Source: `erf` of Eigen.
    """
    s = x * x
    p = np.float32(-2.72614225801306e-10)
    p = p * s + np.float32(2.77068142495902e-08)
    p = p * s + np.float32(-2.10102402082508e-06)
    p = p * s + np.float32(-5.69250639462346e-05)
    p = p * s + np.float32(-7.34990630326855e-04)
    p = p * s + np.float32(-2.95459980854025e-03)
    p = p * s + np.float32(-1.60960333262415e-02)
    q = np.float32(-1.45660718464996e-05)
    q = q * s + np.float32(-2.13374055278905e-04)
    q = q * s + np.float32(-1.68282697438203e-03)
    q = q * s + np.float32(-7.37332916720468e-03)
    q = q * s + np.float32(-1.42647390514189e-02)
    sign = _ONE if x > 0 else -_ONE
    return x * p / q if abs(x) < _LARGEST_ERF_INPUT else sign


@compiled
def gelu(
    inputs: Floats2,
    bias: Floats1,
    seed: np.uint32,
    threshold: np.uint32,
    scale: np.float32,
    outputs: Floats2,
    derivatives: Floats2,
) -> None:
    """Adds the bias, applies GELU and drops activations.

    Args:
        inputs: Products of the layer before `[units, tokens]`.
        bias: `[units]`.
        seed: Seed of the dropout.
        threshold: Random bits below it drop an activation.
        scale: Factor of kept activations.
        outputs: Output: the activations `[units, tokens]`.
        derivatives: Output: the derivatives of the outputs with respect to the inputs
            `[units, tokens]`.

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
    """
    tokens = inputs.shape[1]
    # the machine code of one loop for all would overflow the processor's cache of
    # decoded instructions
    for unit in range(inputs.shape[0]):
        shift = bias[unit]
        for token in range(tokens):
            x = inputs[unit, token] + shift
            outputs[unit, token] = _HALF + _HALF * _erf(x * _SQRT_HALF)
        for token in range(tokens):
            x = inputs[unit, token] + shift
            pdf = _NORMAL_DENSITY_AT_ZERO * exp_of_negative(-_HALF * x * x)
            derivatives[unit, token] = outputs[unit, token] + x * pdf
        for token in range(tokens):
            x = inputs[unit, token] + shift
            factor = kept_factor(unit * tokens + token, seed, threshold, scale)
            outputs[unit, token] *= x * factor
            derivatives[unit, token] *= factor


@compiled
def gelu_backward(
    gradients: Floats2, derivatives: Floats2, bias_gradient: Floats1
) -> None:
    """Computes the gradients of `gelu` with respect to its inputs and bias.

    Args:
        gradients: Gradients with respect to the outputs `[units, tokens]`; output:
            those with respect to the inputs.
        derivatives: As computed by `gelu`.
        bias_gradient: Output: the gradient with respect to the bias `[units]`.
    """
    for unit in range(gradients.shape[0]):
        total = np.float32(0.0)
        for token in range(gradients.shape[1]):
            gradient = gradients[unit, token] * derivatives[unit, token]
            gradients[unit, token] = gradient
            total += gradient
        bias_gradient[unit] = total
