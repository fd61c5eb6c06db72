from __future__ import annotations

import numpy as np
import pytest
from numba.core.errors import TypingError

from rasa_randconn.kernels.compilation import compiled
from rasa_randconn.kernels.vectors import LANES, address_of, whole_vectors


@compiled
def address(array):
    return address_of(array)


def test_an_array_is_where_numpy_says():
    array = np.zeros((3, 4), np.float32)
    assert address(array) == array.ctypes.data
    assert address(array[1:]) == array.ctypes.data + array.strides[0]


def test_arrays_with_gaps_have_no_address():
    with pytest.raises(TypingError, match="contiguous"):
        address(np.zeros((3, 4), np.float32)[:, 1:])


@pytest.mark.parametrize("count, expected", [(0, 0), (1, 16), (16, 16), (17, 32)])
def test_numbers_are_rounded_up_to_whole_vectors(count, expected):
    assert LANES == 16
    assert whole_vectors(count) == expected
