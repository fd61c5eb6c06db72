"""The way back from a loss."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.autodiff import Tape, Value


def numbers(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def squares(tape: Tape, value: Value) -> Value:
    def backward(gradient: np.ndarray) -> None:
        value.add_gradient(2 * value.array * gradient)

    return tape.record(Value(value.array**2), backward)


def test_gradients_go_through_a_chain_of_operations() -> None:
    tape, start = Tape(is_training=True), Value(numbers(2, -3))
    end = squares(tape, squares(tape, start))
    end.add_gradient(numbers(1, 1))
    tape.backward()
    np.testing.assert_array_equal(start.gradient, 4 * start.array**3)


def test_gradients_of_all_uses_add_up() -> None:
    tape, start = Tape(is_training=True), Value(numbers(2, -3))
    first = squares(tape, start)
    for end, factor in ((first, 1.0), (squares(tape, first), 1.0)):
        end.add_gradient(np.full(2, factor, np.float32))
    tape.backward()
    np.testing.assert_array_equal(start.gradient, 2 * start.array + 4 * start.array**3)


def test_adding_up_changes_no_array_that_was_given() -> None:
    value, first = Value(numbers(0, 0)), numbers(1, 2)
    value.add_gradient(first)
    value.add_gradient(numbers(10, 20))
    np.testing.assert_array_equal(value.gradient, [11, 22])
    np.testing.assert_array_equal(first, [1, 2])


def test_adding_in_place_changes_no_array_that_was_given() -> None:
    value, given = Value(numbers(3, 4)), numbers(1, 2)
    value.add_gradient(given)
    for _ in range(2):
        value.gradient_to_add_to()[0] += 5
    value.add_gradient(given)
    np.testing.assert_array_equal(value.gradient, [12, 4])
    np.testing.assert_array_equal(given, [1, 2])


def test_adding_in_place_starts_from_zero() -> None:
    value = Value(numbers(3, 4))
    value.gradient_to_add_to()[1] += 5
    np.testing.assert_array_equal(value.gradient, [0, 5])


def test_what_no_gradient_reaches_is_left_out() -> None:
    tape, start = Tape(is_training=True), Value(numbers(2))
    unused = squares(tape, start)
    tape.backward()
    assert unused.gradient is None
    assert start.gradient is None


def test_a_tape_goes_back_once() -> None:
    tape, start = Tape(is_training=True), Value(numbers(3))
    squares(tape, start).add_gradient(numbers(1))
    tape.backward()
    tape.backward()
    np.testing.assert_array_equal(start.gradient, [6])


def test_nothing_is_recorded_unless_for_training() -> None:
    tape, start = Tape(), Value(numbers(3))
    end = squares(tape, start)
    end.add_gradient(numbers(1))
    tape.backward()
    np.testing.assert_array_equal(end.array, [9])
    assert start.gradient is None


def test_seeds_are_those_of_the_generator() -> None:
    def seeds(number: int) -> list:
        tape = Tape(np.random.default_rng(number), is_training=True)
        return [tape.new_seed() for _ in range(5)]

    assert seeds(1) == seeds(1)
    assert seeds(1) != seeds(2)
    assert len(set(seeds(1))) == 5


def test_a_pass_without_a_generator_draws_nothing() -> None:
    with pytest.raises(AssertionError, match="generator"):
        Tape().new_seed()


def test_rows_about_to_be_read_are_announced() -> None:
    announced = []
    tape = Tape(prepare_rows=lambda kernel, rows: announced.append((kernel, rows)))
    tape.prepare_rows("kernel", np.array([1, 2]))
    ((kernel, rows),) = announced
    assert kernel == "kernel"
    assert rows.tolist() == [1, 2]
    Tape().prepare_rows("kernel", np.array([1, 2]))
