"""`kernels/dropout.py` in plain NumPy."""

import numpy as np

_MASK = 2**32 - 1


def is_kept(index, seed, threshold):
    """Whether dropout keeps units; all arguments may be arrays."""
    bits = (np.asarray(index, np.uint64) * 0x9E3779B1 & _MASK) ^ int(seed)
    bits ^= bits >> 16
    bits = bits * 0x85EBCA6B & _MASK
    bits ^= bits >> 13
    bits = bits * 0xC2B2AE35 & _MASK
    bits ^= bits >> 16
    return bits >= int(threshold)


def kept_factors(shape, seed, threshold, scale):
    """The factor of every unit of an array: `scale` or 0."""
    index = np.arange(np.prod(shape)).reshape(shape)
    return np.where(is_kept(index, seed, threshold), scale, 0)


def add_residual(features, update, bias, seed, threshold, scale):
    factors = kept_factors(features.shape, seed, threshold, scale)
    features += (update + bias[:, np.newaxis]) * factors


def dropout_backward(
    gradients, seed, threshold, scale, update_gradients, bias_gradient
):
    factors = kept_factors(gradients.shape, seed, threshold, scale)
    update_gradients[...] = gradients * factors
    bias_gradient[...] = update_gradients.sum(axis=1)
