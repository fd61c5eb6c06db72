from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rasa_randconn.comparison.changes import Quantity, change


@pytest.mark.parametrize(
    "quantity, value, first, expected",
    [
        (Quantity.TIME, 40.0, 409.0, "10.2x faster"),
        (Quantity.TIME, 409.0, 40.0, "10.2x slower"),
        (Quantity.TIME, 1.0, 350.0, "350x faster"),
        (Quantity.TIME, 1.0, 1.04, "about the same"),
        (Quantity.TIME, 0.0, 1.0, None),
        (Quantity.SIZE, 13.6, 62.6, "4.6x smaller"),
        (Quantity.SIZE, 2.0, 1.0, "2.0x larger"),
        (Quantity.COUNT, 10.0, 50.0, "5.0x fewer"),
        (Quantity.COUNT, 50.0, 10.0, "5.0x more"),
        (Quantity.SCORE, 0.806, 0.8, "+0.6 points"),
        (Quantity.SCORE, 0.0, 0.8, "-80.0 points"),
        (Quantity.SCORE, 0.8, 0.8, "+0.0 points"),
        (Quantity.SCORE, 0.7999, 0.8, "+0.0 points"),
    ],
)
def test_a_change_is_said_as_a_person_would(quantity, value, first, expected):
    assert change(quantity, {1: value}, {1: first}) == expected


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=8
    ).filter(lambda pairs: len({one - other for one, other in pairs}) > 1)
)
def test_differences_of_scores_have_the_interval_of_the_paired_t_test(pairs):
    own = {seed: one for seed, (one, _) in enumerate(pairs)}
    first = {seed: other for seed, (_, other) in enumerate(pairs)}
    expected = stats.ttest_rel(
        [100 * value for value in own.values()],
        [100 * value for value in first.values()],
    ).confidence_interval()
    found = change(Quantity.SCORE, own, first)
    numbers = found.split(" points ")[1].strip("[]").split(", ")
    for number, bound in zip(numbers, expected):
        assert float(number) == pytest.approx(bound, abs=0.051, rel=1e-4)


def test_only_seeds_that_both_have_count():
    assert change(Quantity.TIME, {1: 1.0, 2: 5.0}, {1: 2.0, 3: 50.0}) == "2.0x faster"
    assert change(Quantity.SCORE, {1: 0.9}, {2: 0.8}) is None
