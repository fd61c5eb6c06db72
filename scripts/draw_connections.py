"""Draws the pictures of connection patterns in `docs/images`.

`python -m scripts.draw_connections` draws them anew, from the code that draws the
connections of a layer.
"""

from __future__ import annotations

from pathlib import Path
from typing import List

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rasa_randconn.connections import (
    PATTERNS,
    Connectivity,
    GroupedConnectivity,
    sample_connectivity,
)

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"

DENSITY = 0.25
SEED = 1

#: Inputs and outputs of the layer in each picture, by the name of its file.
SIZES = {"connections.svg": (24, 32), "connections-8x8.svg": (8, 8)}

_BLUE, _LIGHT_BLUE, _ORANGE = "#1f5f99", "#7fb3dd", "#d9730d"


def draw_pictures(folder: Path) -> List[Path]:
    """Draws every picture: both patterns of one layer side by side.

    Args:
        folder: Where the files go.

    Returns:
        The files.
    """
    return [
        _draw_picture(inputs, units, folder / name)
        for name, (inputs, units) in SIZES.items()
    ]


def connection_name(pattern: str, row: int, column: int) -> str:
    """The name that a connection has in the SVG file.

    Args:
        pattern: Name of the pattern.
        row: Number of the input.
        column: Number of the output.
    """
    return f"{pattern}-{row}-{column}"


def _draw_picture(inputs: int, units: int, path: Path) -> Path:
    # names that do not change from run to run
    with matplotlib.rc_context({"svg.hashsalt": path.name, "font.size": 18}):
        figure = Figure(figsize=(12, 12 * inputs / units / 2 + 1.2))
        every_axes = figure.subplots(1, len(PATTERNS))
        for pattern, axes in zip(PATTERNS, every_axes):
            connectivity = sample_connectivity(pattern, inputs, units, DENSITY, SEED)
            _draw_connectivity(axes, connectivity)
        figure.tight_layout()
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    return path


def _draw_connectivity(axes: Axes, connectivity: Connectivity) -> None:
    """Draws a filled square where an input and an output are connected."""
    inputs, units = connectivity.inputs, connectivity.units
    rows, columns = connectivity.indices()
    for row, column, colour in zip(rows, columns, _colours(connectivity)):
        square = Rectangle((column + 0.5, row + 0.5), 1, 1, color=colour)
        square.set_gid(connection_name(connectivity.pattern, row, column))
        axes.add_patch(square)
    axes.set_title(f"{connectivity.pattern}, {connectivity.count} connections")
    axes.set_xlabel("outputs")
    axes.set_ylabel("inputs")
    axes.set_xlim(0.5, units + 0.5)
    axes.set_ylim(inputs + 0.5, 0.5)
    axes.set_aspect("equal")
    for axis, size in ((axes.xaxis, units), (axes.yaxis, inputs)):
        axis.set_ticks([1, *range(4, size + 1, 4)])
        axis.set_ticks(np.arange(0.5, size + 1), minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.5)
    axes.tick_params(which="minor", length=0)


def _colours(connectivity: Connectivity) -> np.ndarray:
    """Tells neighbouring groups apart, and the cover from what is drawn freely.

    Returns:
        A colour for every connection, in their order.
    """
    rows, columns = connectivity.indices()
    if isinstance(connectivity, GroupedConnectivity):
        sizes = [
            block.units_per_group
            for block in connectivity.blocks
            for _ in range(block.groups)
        ]
        groups = np.repeat(np.arange(len(sizes)), sizes)
        return np.where(groups[columns] % 2, _BLUE, _LIGHT_BLUE)
    # at density 0 nothing but the cover is left
    cover = sample_connectivity(
        connectivity.pattern, connectivity.inputs, connectivity.units, 0.0
    )
    return np.where(cover.mask()[rows, columns], _ORANGE, _BLUE)


if __name__ == "__main__":
    for drawn in draw_pictures(IMAGES):
        print(f"{drawn.relative_to(IMAGES.parent.parent)} was drawn")
