"""`kernels/csr.py` in plain NumPy."""

import numpy as np


def take_rows(indptr, indices, data, rows, taken_indptr, taken_indices, taken_data):
    positions = np.concatenate([np.arange(*indptr[row : row + 2]) for row in rows])
    taken_indices[...] = indices[positions]
    taken_data[...] = data[positions]
