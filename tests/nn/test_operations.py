"""Results against NumPy, and gradients against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.autodiff import Parameter, Tape, Value
from rasa_randconn.nn import operations

ROWS, UNITS = 7, 5


@pytest.fixture
def rows(normal):
    return Value(normal(ROWS, UNITS))


@pytest.fixture
def kernel(normal):
    return Parameter("kernel", normal(UNITS, 3))


@pytest.fixture
def bias(normal):
    return Parameter("bias", normal(3))


def test_linear_multiplies_and_adds_a_bias(
    rows, kernel, bias, assert_gradients_are_slopes
):
    found = operations.linear(Tape(), rows, kernel, bias).array
    np.testing.assert_allclose(found, rows.array @ kernel.array + bias.array)
    assert_gradients_are_slopes(
        lambda tape: operations.linear(tape, rows, kernel, bias), [rows, kernel, bias]
    )


def test_linear_needs_no_bias(rows, kernel, assert_gradients_are_slopes):
    found = operations.linear(Tape(), rows, kernel).array
    np.testing.assert_allclose(found, rows.array @ kernel.array)
    assert_gradients_are_slopes(
        lambda tape: operations.linear(tape, rows, kernel), [rows, kernel]
    )


def test_gelu_is_tensorflows(rows, assert_gradients_are_slopes):
    found = operations.gelu(Tape(), rows).array
    np.testing.assert_allclose(found, tf.nn.gelu(rows.array), atol=1e-6)
    assert_gradients_are_slopes(lambda tape: operations.gelu(tape, rows), [rows])


@pytest.mark.parametrize(
    "indices", [[5, 0, 3], [], list(range(ROWS)), [5, 0, 5, 5], [2] * 9], ids=str
)
def test_gather_picks_rows_as_often_as_asked_for(
    rows, indices, assert_gradients_are_slopes
):
    indices = np.array(indices, np.int64)
    found = operations.gather(Tape(), rows, indices).array
    np.testing.assert_array_equal(found, rows.array[indices])
    assert_gradients_are_slopes(
        lambda tape: operations.gather(tape, rows, indices), [rows]
    )


def test_look_up_equals_linear_of_one_hot_rows(
    kernel, bias, assert_gradients_are_slopes
):
    numbers = np.array([3, 0, 3, 4])
    one_hot = Value(np.eye(UNITS, dtype=np.float32)[numbers])
    found = operations.embedding(Tape(), kernel, bias, numbers).array
    expected = operations.linear(Tape(), one_hot, kernel, bias).array
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert_gradients_are_slopes(
        lambda tape: operations.embedding(tape, kernel, bias, numbers), [kernel, bias]
    )


def test_place_adds_rows_at_one_place_and_leaves_zeros(
    rows, normal, assert_gradients_are_slopes
):
    parts = [rows, Value(normal(2, UNITS))]
    indices = [np.array([1, 2, 8, 4, 5, 6, 0]), np.array([9, 4])]
    found = operations.scatter(Tape(), parts, indices, 11).array
    expected = np.zeros((11, UNITS), np.float32)
    expected[indices[0]] = rows.array
    expected[indices[1]] += parts[1].array
    np.testing.assert_array_equal(found, expected)
    assert_gradients_are_slopes(
        lambda tape: operations.scatter(tape, parts, indices, 11), parts
    )


@pytest.mark.parametrize(
    "indices, units",
    [([0, 1], UNITS), ([0, 1, 2, 3], UNITS), ([0, 1, 2], UNITS + 1)],
    ids=["too few indices", "too many indices", "other units"],
)
def test_parts_that_do_not_fit_their_indices_are_refused(normal, indices, units):
    parts = [Value(normal(2, UNITS)), Value(normal(3, units))]
    with pytest.raises(ValueError, match=f"rows of {UNITS} units are needed"):
        operations.scatter(Tape(), parts, [np.array([0, 1]), np.array(indices)], 5)


@pytest.mark.parametrize("index", [-1, 5])
def test_indices_outside_the_array_are_refused(normal, index):
    with pytest.raises(ValueError, match="outside the 5 rows"):
        operations.scatter(Tape(), [Value(normal(1, UNITS))], [np.array([index])], 5)


def test_parts_come_side_by_side(rows, normal, assert_gradients_are_slopes):
    parts = [rows, Value(normal(ROWS, 2)), Value(normal(ROWS, 1))]
    found = operations.concatenate(Tape(), parts).array
    np.testing.assert_array_equal(found, np.hstack([part.array for part in parts]))
    assert operations.concatenate(Tape(), parts[:1]) is rows
    assert_gradients_are_slopes(lambda tape: operations.concatenate(tape, parts), parts)


@pytest.mark.parametrize("lengths", [[2, 0, 4, 1], [7], [1] * 7, [0, 1, 6]], ids=str)
def test_sums_are_those_of_every_example(rows, lengths, assert_gradients_are_slopes):
    lengths = np.array(lengths)
    found = operations.segment_sum(Tape(), rows, lengths).array
    parts = np.split(rows.array, np.cumsum(lengths)[:-1])
    expected = np.stack([part.sum(axis=0) for part in parts])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    if (lengths != 1).any():
        assert_gradients_are_slopes(
            lambda tape: operations.segment_sum(tape, rows, lengths), [rows]
        )


def test_gradients_of_a_value_that_is_used_twice_are_added(
    rows, kernel, bias, assert_gradients_are_slopes
):
    def compute(tape):
        twice = operations.concatenate(tape, [rows, operations.gelu(tape, rows)])
        parts = [operations.gather(tape, twice, np.array([i, 6 - i])) for i in range(3)]
        joined = operations.scatter(tape, parts, [np.array([0, 1])] * 3, 2)
        return operations.gelu(tape, joined)

    assert_gradients_are_slopes(compute, [rows])


def test_predictions_record_no_way_back(rows, kernel, bias):
    tape = Tape()
    result = operations.linear(tape, operations.gelu(tape, rows), kernel, bias)
    result.add_gradient(np.ones_like(result.array))
    tape.backward()
    assert rows.gradient is None and kernel.gradient is None and bias.gradient is None
