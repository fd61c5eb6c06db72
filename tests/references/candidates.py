"""`kernels/candidates.py` in plain NumPy."""

import numpy as np


def similarities(vectors, others, candidates, outputs):
    outputs[...] = np.einsum("iu,iku->ik", vectors, others[candidates])


def similarities_backward(
    vectors, others, candidates, gradients, vector_gradients, other_gradients
):
    vector_gradients += np.einsum("ik,iku->iu", gradients, others[candidates])
    np.add.at(
        other_gradients,
        candidates,
        gradients[:, :, np.newaxis] * vectors[:, np.newaxis],
    )
