from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from rasa_randconn.nn.features import (
    are_tokens,
    compressed,
    last_rows,
    no_rows,
    padded,
    starts_of,
)


@pytest.mark.parametrize("lengths", [[3, 0, 2], [], [0], [5]], ids=str)
def test_starts_are_where_segments_begin_and_where_the_last_one_ends(lengths):
    starts = starts_of(np.array(lengths, np.int64))
    assert starts.tolist() == [sum(lengths[:i]) for i in range(len(lengths) + 1)]


def test_numbers_in_any_order_become_the_csr_matrix_of_scipy():
    random = np.random.default_rng(1)
    matrix = scipy.sparse.random(7, 9, 0.4, "coo", np.float32, random)
    shuffled = random.permutation(matrix.nnz)
    found = compressed(
        matrix.row[shuffled], matrix.col[shuffled], matrix.data[shuffled], 7, 9
    )
    expected = matrix.tocsr()
    expected.sort_indices()
    np.testing.assert_array_equal(found.indptr, expected.indptr)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.data, expected.data)
    assert found.units == 9


def test_a_feature_without_rows_has_its_units():
    assert no_rows(False, 4).shape == (0, 4)
    sparse = no_rows(True, 4)
    assert sparse.units == 4 and sparse.indptr.tolist() == [0]


def test_the_last_row_of_every_example_is_no_token():
    lengths = np.array([3, 1, 2])
    assert last_rows(lengths).tolist() == [2, 3, 5]
    assert are_tokens(lengths).tolist() == [True, True, False, False, True, False]


@pytest.mark.parametrize("lengths", [[2, 0, 3], [4], [1]], ids=str)
def test_padding_is_zero(lengths):
    rows = np.arange(1, 1 + 2 * sum(lengths)).reshape(-1, 2)
    found = padded(rows, np.array(lengths), 4)
    start = 0
    for example, length in zip(found, lengths):
        np.testing.assert_array_equal(example[:length], rows[start : start + length])
        assert not example[length:].any()
        start += length
