from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.kernels.array_types import Floats2, Integers1
from rasa_randconn.kernels.compilation import compiled
from rasa_randconn.kernels.vectors import LANES, address_of, whole_vectors


@compiled
def address(array: Floats2, result: Integers1) -> None:
    result[0] = address_of(array)


def test_an_array_is_where_numpy_says():
    array, result = np.zeros((3, 4), np.float32), np.zeros(1, np.int64)
    address(array, result)
    assert result[0] == array.ctypes.data
    address(array[1:], result)
    assert result[0] == array.ctypes.data + array.strides[0]


@pytest.mark.parametrize("count, expected", [(0, 0), (1, 16), (16, 16), (17, 32)])
def test_numbers_are_rounded_up_to_whole_vectors(count, expected):
    assert LANES == 16
    assert whole_vectors(count) == expected
