"""The page about odd cases says what ours do now."""

from __future__ import annotations

import logging

import pytest
from stock_verdicts import CASES, PAGE, WORKS, Case, escaped, ours_of, verdict

ROWS = [
    line[2:-2].split(" | ")
    for line in PAGE.read_text().splitlines()
    if line[:2] == "| "
][1:]


def test_every_case_is_on_the_page():
    assert [row[:2] for row in ROWS] == [[case.what, case.pair] for case in CASES]


@pytest.mark.slow
@pytest.mark.parametrize("row, case", zip(ROWS, CASES), ids=range(len(CASES)))
def test_what_ours_do_is_on_the_page(row, case: Case, caplog):
    caplog.set_level(logging.CRITICAL)
    found = verdict(case, ours_of(case))
    assert escaped(found) == row[3]
    kind, *said = found.split(":", 1)
    assert kind == WORKS or len(said[0].split()) > 5
