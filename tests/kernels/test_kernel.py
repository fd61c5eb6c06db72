from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.kernels.array_types import (
    Bytes1,
    Doubles1,
    Floats1,
    Floats2,
    Floats3,
    Integers1,
    Integers2,
    ShortIntegers1,
)
from rasa_randconn.kernels.compilation import compiled
from rasa_randconn.kernels.kernel import address_of_numbers


@compiled
def everything(
    floats: Floats3,
    doubles: Doubles1,
    integers: Integers2,
    short_integers: ShortIntegers1,
    bytes_: Bytes1,
    integer: int,
    is_set: bool,
    unsigned: np.uint32,
    number: np.float32,
    results: Doubles1,
) -> None:
    results[0] = floats[1, 2, 3]
    results[1] = doubles[1]
    results[2] = integers[1, 1]
    results[3] = short_integers[1]
    results[4] = bytes_[1]
    results[5] = integer
    results[6] = 1.0 if is_set else 0.0
    results[7] = unsigned
    results[8] = number
    results[9] = floats.shape[0] * 100 + floats.shape[1] * 10 + floats.shape[2]


def test_every_kind_of_argument_arrives():
    floats = np.zeros((2, 3, 4), np.float32)
    floats[1, 2, 3] = 0.5
    results = np.zeros(10)
    everything(
        floats,
        np.array([0.0, 1e300]),
        np.array([[0, 0], [0, -(2**62)]]),
        np.array([0, -(2**31)], np.int32),
        np.array([0, 255], np.uint8),
        -3,
        True,
        np.uint32(2**32 - 1),
        np.float32(-1.5),
        results,
    )
    expected = [0.5, 1e300, -(2.0**62), -(2.0**31), 255, -3, 1, 2**32 - 1, -1.5, 234]
    np.testing.assert_array_equal(results, expected)


@compiled
def fill(rows: Floats2, indices: Integers1) -> None:
    for i in range(len(indices)):
        rows[indices[i], 0] = 1.0


@pytest.mark.parametrize(
    "rows, indices, message",
    [
        (np.zeros((2, 2)), [0], "float32 with 2 dimensions, not of float64 with 2"),
        (np.zeros(2, np.float32), [0], "with 2 dimensions, not of float32 with 1"),
        (np.zeros((2, 2), np.float32), np.zeros(1, np.int32), "not of int32"),
        (np.zeros((2, 4), np.float32)[:, ::2], [0], "contiguous"),
    ],
)
def test_other_arrays_than_it_takes_are_refused(rows, indices, message):
    with pytest.raises(TypeError, match=message):
        fill(rows, np.asarray(indices))


def test_it_is_named_after_its_module_and_function():
    assert fill.name == "test_kernel.fill"
    assert fill.__name__ == "fill"


def test_an_empty_array_is_passed():
    fill(np.zeros((0, 0), np.float32), np.zeros(0, np.int64))


def test_another_function_of_the_same_name_does_not_get_its_code():
    def fill(numbers: Floats1) -> None:
        numbers[0] = 2.0

    numbers = np.zeros(1, np.float32)
    compiled(fill)(numbers)
    assert numbers[0] == 2.0


def test_the_address_is_numpys():
    for array in (np.zeros((3, 4)), np.zeros((3, 4))[1:], np.zeros(0, np.uint8)):
        assert address_of_numbers(array) == array.ctypes.data
