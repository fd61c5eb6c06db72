"""`kernels/positional_encoding.py` in plain NumPy."""

import numpy as np

from references.dropout import kept_factors


def add_positional_encoding(
    features, bias, encoding, positions, seed, threshold, scale
):
    factors = kept_factors(features.shape, seed, threshold, scale)
    scaled = (features + bias[:, np.newaxis]) * np.sqrt(len(features))
    features[...] = (scaled + encoding[:, positions]) * factors


def add_positional_encoding_backward(gradients, seed, threshold, scale, bias_gradient):
    factors = kept_factors(gradients.shape, seed, threshold, scale)
    gradients *= np.sqrt(len(gradients)) * factors
    bias_gradient[...] = gradients.sum(axis=1)
