"""The report is one file that shows everything and asks nobody."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import pytest
from pretended_runs import make_run

from rasa_randconn.comparison import html_report, plots, report
from rasa_randconn.comparison.report_content import collect


def run_of(name, seed, seconds):
    run = make_run(name, seed, 0.8 + 0.01 * seed, seconds)
    component = run["components"]["DIETClassifier"]
    component["learning_curve"] = {
        "seconds": [seconds * share for share in (0.2, 0.6, 1.0)],
        "t_loss": [3.0, 2.0, 1.0],
        "i_acc": [0.2, 0.6, None],
    }
    run["commit"] = "0123abc"
    run["started"] = f"2026-01-0{seed}T00:00:00+00:00"
    run["machine"]["cpu_features"] = ["avx2"]
    return run


@pytest.fixture
def runs():
    return [
        run_of(n, s, t) for n, t in (("stock", 90.0), ("ours", 9.0)) for s in (1, 2)
    ]


class Reader(HTMLParser):
    """Collects tags, and the text of every cell."""

    def __init__(self):
        super().__init__()
        self.tags, self.cells = [], []
        self._open = False

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("td", "th"):
            self.cells.append("")
            self._open = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._open = False

    def handle_data(self, data):
        if self._open:
            self.cells[-1] += data


def written(runs, folder, command="rasa-randconn compare", missing=()):
    content = collect(runs, command, missing)
    path = html_report.write_html(content, folder, plots.draw(runs, folder))
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return path.read_text(encoding="utf-8"), reader, content


def test_every_cell_and_every_text_of_the_report_is_in_it(runs, tmp_path):
    text, reader, content = written(runs, tmp_path, missing=["ours with seed 3"])

    expected = [
        cell
        for table in (*content.metrics, *content.details)
        for row in (table.header, *table.rows)
        for cell in row
    ]
    assert reader.cells == expected
    assert "10.0x faster" in " ".join(expected)
    assert "ours with seed 3." in text
    for part in ("avx2", "commit 0123abc", "2026-01-01", "rasa 3.6.21"):
        assert part in text


def test_nothing_is_asked_of_a_server_or_another_file(runs, tmp_path):
    text, reader, _ = written(runs, tmp_path)

    references = [
        value
        for _, attributes in reader.tags
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "data", "action", "poster")
    ]
    assert references
    assert all(value.startswith("data:image/svg+xml;base64,") for value in references)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in reader.tags}
    assert not re.search(r"url\(|@import", text)
    for value in references:
        picture = base64.b64decode(value.partition(",")[2]).decode()
        assert "<svg" in picture
        # links inside a picture stay inside of it
        assert all(
            link.startswith("#") for link in re.findall(r'href="(.*?)"', picture)
        )


def test_what_a_user_wrote_is_text_and_no_markup(runs, tmp_path):
    evil = "<script>alert(1)</script>&"
    for run in runs:
        run["config"] = f"{evil}.yml"
    text, reader, _ = written(runs, tmp_path, command=evil)

    assert "<script" not in text
    assert f"{evil}.yml" in reader.cells


def test_a_report_without_runs_says_what_is_missing(tmp_path):
    content = collect([], "command", ["a with seed 1"])
    path = html_report.write_html(content, tmp_path)
    assert "a with seed 1." in path.read_text()


def test_a_test_set_that_was_made_is_in_both_reports(runs, tmp_path):
    for run in runs:
        run["split"] = {
            "fraction": 0.8,
            "seed": 42,
            "train_examples": 80,
            "test_examples": 20,
            "untrained": [],
        }
    content = collect(runs, "command")
    for write in (report.write_report, html_report.write_html):
        text = write(content, tmp_path).read_text()
        assert "80 examples to train on, 20 to test on" in text
