"""`kernels/scatter.py` in plain NumPy."""

import numpy as np


def scatter_add(rows, indices, outputs):
    np.add.at(outputs, indices, rows)
