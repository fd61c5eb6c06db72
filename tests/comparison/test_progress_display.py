from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from rasa_randconn.comparison import console as console_module
from rasa_randconn.comparison import progress_display
from rasa_randconn.comparison.progress_display import ProgressDisplay
from rasa_randconn.comparison.time_left import TimeLeft

LEFT = TimeLeft(190.0, True)


@pytest.fixture
def now(monkeypatch):
    """The time, which stands still but for the tests."""
    times = [1000.0]
    monkeypatch.setattr(progress_display.time, "monotonic", lambda: times[0])
    return times


def shown(now, seconds, **settings):
    output = io.StringIO()
    with ProgressDisplay(Console(file=output, width=80, **settings)) as display:
        display.say("begin")
        for second in range(seconds):
            now[0] = 1000.0 + second
            display.show([f"a, epoch {second} of 100"], second, 100, LEFT)
        display.say("end")
    return output.getvalue()


def test_a_file_gets_whole_lines_now_and_then(now):
    lines = shown(now, 70).splitlines()

    assert [re.sub(r"^[\d:]+ ", "", line) for line in lines] == [
        "begin",
        "a, epoch 20 of 100; 0:20 so far, about 3:10 left",
        "a, epoch 40 of 100; 0:40 so far, about 3:10 left",
        "a, epoch 60 of 100; 1:00 so far, about 3:10 left",
        "end",
    ]


def test_a_short_run_adds_nothing_to_a_file(now):
    assert shown(now, 15) == "begin\nend\n"


def test_a_terminal_has_one_bar_that_changes(now):
    text = shown(now, 5, force_terminal=True)

    plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", text)
    for second in range(5):
        assert f"a, epoch {second} of 100" in plain
        assert f"0:0{second} so far, about 3:10 left" in plain
    # the bar is written over itself, and is gone at the end
    assert "\x1b[1A" in text
    assert max(len(line) for line in re.split(r"[\r\n]", plain)) <= 80


def test_long_titles_are_cut_in_a_terminal(now):
    output = io.StringIO()
    display = ProgressDisplay(Console(file=output, width=40, force_terminal=True))
    with display:
        display.show(["x" * 60], 0, None, TimeLeft(0.0, False))
    assert "x" * 39 + "…" in output.getvalue()
    assert "? left" in output.getvalue()


@pytest.mark.parametrize("force_color", ["", "1"])
def test_nothing_moves_in_a_log_file_even_if_it_has_colours(
    now, monkeypatch, capsys, force_color
):
    monkeypatch.setenv("FORCE_COLOR", force_color)
    with ProgressDisplay(console_module.make_console()) as display:
        now[0] += 30
        display.show(["a"], 1, 2, LEFT)
    printed = capsys.readouterr().out
    assert "a; 0:30 so far, about 3:10 left" in printed
    assert not re.search(r"[\r\x1b]", printed)
