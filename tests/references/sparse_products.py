"""`kernels/sparse_products.py` in plain NumPy: the features as a dense matrix."""

import numpy as np

from references.dropout import is_kept, kept_factors


def drop_features(
    indptr, indices, data, seed, threshold, kept_indptr, kept_indices, kept_data
):
    is_left = is_kept(np.arange(len(data)), seed, threshold)
    count = is_left.sum()
    kept_indptr[...] = [is_left[:end].sum() for end in indptr]
    kept_indices[:count] = indices[is_left]
    kept_data[:count] = data[is_left]


def group_by_column(
    indptr, indices, data, features, count, columns, column_indptr, rows, row_data
):
    found, counts = np.unique(indices, return_counts=True)
    order = np.argsort(indices, kind="stable")
    count[0] = len(found)
    columns[: len(found)] = found
    column_indptr[: len(found) + 1] = np.cumsum([0, *counts])
    rows[...] = _row_of_each(indptr)[order]
    row_data[...] = data[order]


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
    scale,
    outputs,
):
    features = _dense(indptr, indices, data, len(kernel))
    factors = kept_factors(outputs.shape, seed, threshold, scale)
    products = (features @ kernel + bias) * factors
    outputs[first:last] = products[first:last]


def multiply_backward(
    gradients, first, last, seed, threshold, scale, product_gradients, bias_gradient
):
    factors = kept_factors(gradients.shape, seed, threshold, scale)
    product_gradients[first:last] = (gradients * factors)[first:last]
    bias_gradient[...] = product_gradients[first:last].sum(axis=0)


def kernel_gradient(indptr, indices, data, product_gradients, result):
    result[...] = _dense(indptr, indices, data, len(result)).T @ product_gradients


def _dense(indptr, indices, data, columns):
    dense = np.zeros((len(indptr) - 1, columns))
    np.add.at(dense, (_row_of_each(indptr), indices), data)
    return dense


def _row_of_each(indptr):
    """The row of each non-zero feature."""
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
