"""`kernels/layer_norm.py` in plain NumPy."""

import numpy as np


def normalize(
    features, gamma, beta, epsilon, standardized, inverse_deviations, outputs
):
    inverse_deviations[...] = 1 / np.sqrt(features.var(axis=0) + epsilon)
    standardized[...] = (features - features.mean(axis=0)) * inverse_deviations
    outputs[...] = standardized * gamma[:, np.newaxis] + beta[:, np.newaxis]


def normalize_backward(
    gradients,
    gamma,
    standardized,
    inverse_deviations,
    feature_gradients,
    gamma_gradient,
    beta_gradient,
):
    gamma_gradient[...] = (gradients * standardized).sum(axis=1)
    beta_gradient[...] = gradients.sum(axis=1)
    scaled = gradients * gamma[:, np.newaxis]
    centred = scaled - scaled.mean(axis=0)
    along = standardized * (scaled * standardized).mean(axis=0)
    feature_gradients += inverse_deviations * (centred - along)
