"""Legends and files of plots."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def add_legend(figure: Any, axes: Any) -> None:
    """Puts a legend over a figure, with every label once.

    Args:
        figure: A figure of matplotlib.
        axes: The axes whose labels are meant.
    """
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles))
    figure.legend(
        unique.values(),
        unique.keys(),
        loc="lower center",
        ncol=min(3, len(unique)),
        fontsize=11,
        bbox_to_anchor=(0.5, 1.0),
    )


def write(figure: Any, path: Path) -> Path:
    """Writes a figure as PNG, and as SVG beside it, and closes it.

    Args:
        figure: A figure of matplotlib.
        path: The PNG file.

    Returns:
        The PNG file.
    """
    from matplotlib import pyplot

    figure.tight_layout()
    for suffix in (".png", ".svg"):
        figure.savefig(str(path.with_suffix(suffix)), dpi=150, bbox_inches="tight")
    pyplot.close(figure)
    return path
