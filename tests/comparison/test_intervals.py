"""Intervals are those of Student's t."""

from __future__ import annotations

import pytest

from rasa_randconn.comparison.intervals import mean_interval


def test_the_interval_is_that_of_a_table_of_student_s_t():
    # five values with mean 3 and deviation sqrt(2.5); t(0.975, 4) is 2.776
    value, low, high = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.7764451 * (2.5**0.5) / 5**0.5
    assert value == 3.0
    assert (low, high) == pytest.approx((3.0 - half, 3.0 + half), abs=1e-6)


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5, 0.5], [0.7, 0.7, 0.7 + 1e-16]])
def test_without_spread_the_interval_is_the_mean(values):
    value, low, high = mean_interval(values)
    assert low == value == high == pytest.approx(values[0])


def test_an_interval_is_written_in_brackets():
    assert mean_interval([0.0, 1.0]).text(1) == "0.5 [-5.9, 6.9]"


def test_nothing_is_written_as_minus_zero():
    assert mean_interval([-0.00001] * 3).text(3) == "0.000 [0.000, 0.000]"
