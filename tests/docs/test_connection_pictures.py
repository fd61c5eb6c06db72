from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from rasa_randconn.connections import PATTERNS, sample_connectivity
from scripts import draw_connections
from scripts.draw_connections import DENSITY, IMAGES, SEED, SIZES, connection_name

every_picture = pytest.mark.parametrize("name", SIZES)


def connections_in(path):
    """Names of the connections that a picture shows."""
    root = ElementTree.parse(path).getroot()
    names = [element.get("id", "") for element in root.iter()]
    return sorted(n for n in names if n.startswith(tuple(f"{p}-" for p in PATTERNS)))


def connections_drawn(inputs, units):
    """The same, straight from the code that draws connections."""
    return sorted(
        connection_name(pattern, row, column)
        for pattern in PATTERNS
        for row, column in np.argwhere(
            sample_connectivity(pattern, inputs, units, DENSITY, SEED).mask()
        )
    )


@every_picture
def test_the_picture_in_the_docs_shows_the_connections_of_the_code(name):
    """If this fails, run `python -m scripts.draw_connections`."""
    assert connections_in(IMAGES / name) == connections_drawn(*SIZES[name])


@every_picture
def test_a_fresh_picture_shows_the_connections_of_the_code(name, tmp_path):
    draw_connections.draw_pictures(tmp_path)
    assert connections_in(tmp_path / name) == connections_drawn(*SIZES[name])


def test_the_numbers_beside_the_pictures_are_those_of_the_code():
    page = (IMAGES.parent / "random-connections.md").read_text("utf-8")
    text = " ".join(page.split())
    inputs, units = SIZES["connections.svg"]
    grouped = sample_connectivity("grouped", inputs, units, DENSITY, SEED)
    (block,) = grouped.blocks
    assert f"{inputs} inputs, {units} outputs, a density of {DENSITY}" in text
    assert f"{grouped.count} of the {inputs * units} connections" in text
    assert (
        f"{block.groups} groups of {block.units_per_group} outputs, each with "
        f"{block.fan_in} inputs"
    ) in text
