"""`kernels/grouped_products.py` in plain NumPy."""

import numpy as np


def multiply(kernel, indices, features, outputs):
    products = np.einsum("giu,git->gut", kernel, features[indices])
    outputs[...] = products.reshape(outputs.shape)


def multiply_backward(kernel, indices, gradients, feature_gradients):
    groups, _, units = kernel.shape
    own = gradients.reshape(groups, units, -1)
    np.add.at(feature_gradients, indices, np.einsum("giu,gut->git", kernel, own))


def kernel_gradient(features, indices, gradients, result):
    groups, _, units = result.shape
    own = gradients.reshape(groups, units, -1)
    result[...] = np.einsum("git,gut->giu", features[indices], own)
