"""Every measured figure of README and docs comes from `benchmarks/results`."""

from __future__ import annotations

import re

import pytest

from benchmarks.figures import pages, pictures, tables, values

PAGES = {str(path.relative_to(pages.ROOT)): path for path in pages.pages()}

#: Made by other scripts, which tests of their own hold against the code.
OTHERWISE_GENERATED = {"docs/odd-cases.md", "docs/option-tests.md"}

MEASURED = re.compile(
    r"\b\d[\d.,]*\s?(?:ms|s|seconds|minutes|MB|GB|GFLOPS)\b"
    r"|\b\d[\d.,]*\s?(?:x|times)\s(?:faster|slower|smaller|larger|fewer|more)"
    r"|(?<![\w.])0?\.\d{3,}\b"
    r"|\b\d[\d.]*\spoints?\b"
)

#: Durations and sizes that no benchmark measures: settings, and space on a disk.
SETTINGS = {
    "takes about 3 GB",
    "(3 MB)",
    "send messages for 60 seconds",
    "for parses for 60 seconds",
    "less than 5 MB",
    "more than 0.001 of",
    "a line every 20 seconds",
}

_CODE = re.compile(r"^```.*?^```|`[^`]*`", re.DOTALL | re.MULTILINE)
_OPTIONS = re.compile(r"<!-- options of \w+ -->.*?<!-- end -->", re.DOTALL)

every_page = pytest.mark.parametrize("name", PAGES)


@every_page
def test_tables_and_figures_of_a_page_are_those_of_the_results(name):
    page = PAGES[name].read_text(encoding="utf-8")
    assert page == pages.fill(page, tables.make, values.make)


@every_page
def test_a_page_has_no_measured_figure_of_its_own(name):
    if name in OTHERWISE_GENERATED:
        pytest.skip("made by another script")
    written = pages.without_figures(PAGES[name].read_text(encoding="utf-8"))
    written = " ".join(_OPTIONS.sub("", _CODE.sub("", written)).split())
    for setting in SETTINGS:
        written = written.replace(setting, "")
    assert MEASURED.findall(written) == []


@every_page
def test_no_line_begins_with_a_figure(name):
    # Markdown would end the paragraph there
    page = PAGES[name].read_text(encoding="utf-8")
    assert not re.search(r"^<!-- figure:", page, re.MULTILINE)


def test_pictures_are_those_of_the_results(tmp_path):
    for drawn in pictures.draw(tmp_path):
        kept = pages.ROOT / "docs" / "images" / drawn.name
        assert drawn.read_bytes() == kept.read_bytes(), drawn.name


def test_a_figure_that_was_changed_by_hand_is_put_right():
    source = "comparison sara training ours"
    right = values.make(source)
    page = f"It takes <!-- figure: {source} -->1 s<!-- end -->."
    filled = pages.fill(page, tables.make, values.make)
    assert filled == f"It takes <!-- figure: {source} -->{right}<!-- end -->."
    assert pages.without_figures(filled) == "It takes ."


@pytest.mark.parametrize(
    "make, source",
    [
        (tables.make, "no-such-table"),
        (values.make, "comparison sara no-such-figure ours"),
        (values.make, "comparison sara action-f1 ours"),
    ],
)
def test_an_unknown_figure_is_an_error(make, source):
    with pytest.raises((KeyError, ValueError)):
        make(source)
