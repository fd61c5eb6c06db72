"""`kernels/unstructured_products.py` in plain NumPy."""

import numpy as np

from rasa_randconn.kernels.unstructured_products import BLOCK


def multiply(indptr, indices, positions, kernel, features, outputs):
    rows = rows_of(indptr, len(outputs), len(features))
    outputs[...] = 0
    np.add.at(outputs, rows, kernel[positions, np.newaxis] * features[indices])


def multiply_backward(indptr, indices, kernel, gradients, feature_gradients):
    rows = rows_of(indptr, len(feature_gradients), len(gradients))
    np.add.at(feature_gradients, rows, kernel[:, np.newaxis] * gradients[indices])


def kernel_gradient(indptr, indices, features, gradients, result):
    rows = rows_of(indptr, len(features), len(gradients))
    result[...] = (features[rows] * gradients[indices]).sum(axis=1)


def rows_of(indptr, rows, indices):
    """The row of every connection."""
    blocks = -(-indices // BLOCK)
    return np.repeat(np.arange(rows), np.diff(indptr[::blocks]))
