from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import matplotlib.pyplot as pyplot
import pytest
from pretended import pretended_run

from rasa_randconn.sweep import plots, table
from rasa_randconn.sweep.cells import grid


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Draws a sweep with two patterns, and keeps the figure open."""
    figures = []
    monkeypatch.setattr(pyplot, "close", figures.append)
    cells = grid([0.1, 0.5, 1.0], [4, 8], ["grouped", "unstructured"], [1, 2, 3])
    frame = table.tabulate([pretended_run(c, 0.5 + c.seed / 10) for c in cells])
    pictures = plots.draw(frame, table.summarize(frame), tmp_path / "plots")
    yield pictures, figures[0]
    monkeypatch.undo()
    pyplot.close(figures[0])


def test_every_score_has_a_png_and_an_svg(drawn):
    (picture,), _ = drawn

    assert picture.name == "intent_f1.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    ElementTree.parse(str(picture.with_suffix(".svg")))


def test_a_panel_for_every_pattern_and_a_curve_for_every_density(drawn):
    _, figure = drawn

    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["pattern: grouped", "pattern: unstructured"]
    for axes in figure.axes:
        assert axes.get_xscale() == "log"
        assert axes.get_ylabel() == "intent F1, weighted"
        curves = [line for line in axes.lines if len(line.get_xdata()) == 2]
        assert len(curves) == 3
        assert len(axes.containers) == 6  # a bar for every point
    label = figure.axes[-1].get_xlabel()
    assert label == "number of weights in randomly connected layers"
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[:3] == ["density 1", "density 0.5", "density 0.1"]
    assert labels[3:] == ["size 4", "size 8"]
