"""`kernels/sparse_products.py` in plain NumPy: the features as a dense matrix."""

import numpy as np

from references.dropout import is_kept, kept_factors


def multiply(
    indptr,
    indices,
    data,
    first,
    last,
    kernel,
    bias,
    seed,
    threshold,
    unit_seed,
    unit_threshold,
    unit_scale,
    outputs,
):
    features = _dense(indptr, indices, data, len(kernel), seed, threshold)
    factors = kept_factors(outputs.shape, unit_seed, unit_threshold, unit_scale)
    products = (features @ kernel + bias) * factors
    outputs[first:last] = products[first:last]


def multiply_backward(
    indptr,
    indices,
    data,
    gradients,
    first,
    last,
    seed,
    threshold,
    unit_seed,
    unit_threshold,
    unit_scale,
    kernel_gradients,
    bias_gradient,
):
    count = len(kernel_gradients)
    features = _dense(indptr, indices, data, count, seed, threshold)
    factors = kept_factors(gradients.shape, unit_seed, unit_threshold, unit_scale)
    own = (gradients * factors)[:, first:last]
    kernel_gradients[:, first:last] += features.T @ own
    bias_gradient[first:last] += own.sum(axis=0)


def mark(indices, marks):
    marks[indices] = 1


def _dense(indptr, indices, data, columns, seed, threshold):
    """The features that dropout keeps, as a dense matrix."""
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    kept = data * is_kept(np.arange(len(data)), seed, threshold)
    dense = np.zeros((len(indptr) - 1, columns))
    np.add.at(dense, (rows, indices), kept)
    return dense
