"""`kernels/activations.py` in plain NumPy."""

import numpy as np
from scipy.special import erf

from references.dropout import kept_factors


def gelu(inputs, bias, seed, threshold, scale, outputs, derivatives):
    factors = kept_factors(inputs.shape, seed, threshold, scale)
    x = inputs + bias[:, np.newaxis]
    cdf = 0.5 + 0.5 * erf(x / np.sqrt(2))
    pdf = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    outputs[...] = x * cdf * factors
    derivatives[...] = (cdf + x * pdf) * factors


def gelu_backward(gradients, derivatives, bias_gradient):
    gradients *= derivatives
    bias_gradient[...] = gradients.sum(axis=1)
