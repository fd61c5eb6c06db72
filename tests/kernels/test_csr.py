"""Gathered rows are those of SciPy."""

import numpy as np
import scipy.sparse

from rasa_randconn.kernels.csr import take_rows


def test_rows_are_gathered_in_their_order_and_may_repeat():
    matrix = scipy.sparse.random(8, 11, 0.4, "csr", np.float32, random_state=1)
    rows = np.array([7, 0, 3, 3, 5])
    expected = matrix[rows]
    indices = np.full(expected.nnz, -1, np.int32)
    data = np.full(expected.nnz, np.nan, np.float32)
    indptr, taken_indptr = matrix.indptr.astype(int), expected.indptr.astype(int)
    take_rows(indptr, matrix.indices, matrix.data, rows, taken_indptr, indices, data)
    np.testing.assert_array_equal(indices, expected.indices)
    np.testing.assert_array_equal(data, expected.data)
