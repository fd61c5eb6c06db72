from __future__ import annotations

import pytest

from rasa_randconn.comparison.time_left import RunningRun, RunTimes, duration
from rasa_randconn.comparison.training_progress import TrainingProgress

HALF = TrainingProgress("A", 50, 100, 2.0)


def test_nothing_is_known_at_first():
    left = RunTimes().left([RunningRun("a", 5.0)], ["b"])
    assert str(left) == "? left"


def test_the_epochs_of_the_running_training_are_the_least_that_is_left():
    times = RunTimes()
    assert str(times.left([RunningRun("a", 5.0, HALF)], [])) == "at least 1:40 left"
    # a run of the same configuration that waits takes as long as this one
    left = times.left([RunningRun("a", 20.0, HALF)], ["a", "b"])
    assert (left.seconds, left.is_whole) == (100.0 + 120.0, False)


def test_finished_runs_say_how_long_others_of_the_configuration_take():
    times = RunTimes()
    for seconds in (90.0, 110.0):
        times.add("a", seconds)
    times.add("b", 10.0)
    left = times.left([RunningRun("a", 30.0)], ["b", "a", "b"])
    assert (left.seconds, left.is_whole) == (70.0 + 10.0 + 100.0 + 10.0, True)
    assert str(left) == "about 3:10 left"


def test_a_slower_run_still_has_its_epochs_to_go():
    times = RunTimes()
    times.add("a", 100.0)
    assert times.left([RunningRun("a", 95.0, HALF)], []).seconds == 100.0
    assert times.left([RunningRun("a", 150.0)], []).seconds == 0.0


def test_other_configurations_stand_in_only_where_they_are_alike():
    for alike, expected in ((True, 100.0), (False, 0.0)):
        times = RunTimes(others_are_alike=alike)
        times.add("a", 100.0)
        left = times.left([], ["b"])
        assert (left.seconds, left.is_whole) == (expected, alike)


@pytest.mark.parametrize("at_a_time, seconds", [(1, 400.0), (2, 200.0), (8, 100.0)])
def test_several_runs_at_a_time_share_the_work(at_a_time, seconds):
    times = RunTimes()
    times.add("a", 100.0)
    assert times.left([RunningRun("a", 0.0)], ["a"] * 3, at_a_time).seconds == seconds


@pytest.mark.parametrize(
    "seconds, text",
    [(0.4, "0:00"), (59.7, "1:00"), (61, "1:01"), (3599, "59:59"), (3661, "1:01:01")],
)
def test_times_are_written_with_minutes_and_hours(seconds, text):
    assert duration(seconds) == text
