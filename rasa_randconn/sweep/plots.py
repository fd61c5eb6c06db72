"""Draws F1 against the number of weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import pandas as pd

from rasa_randconn.comparison.intervals import CONFIDENCE
from rasa_randconn.comparison.plot_files import write
from rasa_randconn.comparison.results import F1_SCORES
from rasa_randconn.sweep.table import connections_column

_MARKERS = "osD^vP*X"
_WIDTH_INCHES = 6.4
_PANEL_HEIGHT_INCHES = 4.0


def draw(frame: pd.DataFrame, summary: pd.DataFrame, folder: Path) -> List[Path]:
    """Draws every F1 against the weights in the randomly connected layers.

    A panel for every pattern, a curve for every density, a marker for every size of the
    transformer. Where there are three seeds or more, bars show the 95% interval of the
    mean; otherwise small dots show the seeds.

    Args:
        frame: The table of cells.
        summary: The means over seeds.
        folder: The folder for the pictures.

    Returns:
        The PNG files; beside each there is an SVG file of the same name.
    """
    import matplotlib

    matplotlib.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _draw_score(str(score), frame, rows, folder)
        for score, rows in summary.groupby("score", sort=False)
    ]


def _draw_score(
    score: str, frame: pd.DataFrame, summary: pd.DataFrame, folder: Path
) -> Path:
    from matplotlib import pyplot

    patterns = sorted(summary["pattern"].unique())
    densities = sorted(summary["density"].unique(), reverse=True)
    sizes = sorted(summary["size"].unique())
    colors = pyplot.get_cmap("viridis_r")
    color_of = {
        density: colors(0.1 + 0.9 * index / max(1, len(densities) - 1))
        for index, density in enumerate(reversed(densities))
    }
    marker_of = {size: _MARKERS[i % len(_MARKERS)] for i, size in enumerate(sizes)}
    figure, panels = pyplot.subplots(
        len(patterns),
        figsize=(_WIDTH_INCHES, _PANEL_HEIGHT_INCHES * len(patterns)),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for axes, pattern in zip(panels[:, 0], patterns):
        for density in densities:
            chosen = (summary["pattern"] == pattern) & (summary["density"] == density)
            curve = summary[chosen].sort_values("connections")
            _draw_curve(axes, curve, color_of[density], marker_of)
            _draw_seeds(axes, score, frame, curve, color_of[density])
        axes.set_title(f"pattern: {pattern}", fontsize=15)
        axes.set_xscale("log")
        axes.set_ylabel(f"{F1_SCORES[score]}, weighted", fontsize=15)
        axes.tick_params(labelsize=13)
        axes.grid(alpha=0.3)
    panels[-1, 0].set_xlabel(
        "number of weights in randomly connected layers", fontsize=15
    )
    _add_legend(figure, color_of, marker_of, bool(summary["low"].notna().any()))
    return write(figure, folder / f"{score}.png")


def _draw_curve(
    axes: Any, curve: pd.DataFrame, color: Any, marker_of: Dict[int, str]
) -> None:
    axes.plot(curve["connections"], curve["mean"], color=color, linewidth=2)
    for point in curve.itertuples():
        has_interval = point.low == point.low
        axes.errorbar(
            point.connections,
            point.mean,
            yerr=[[point.mean - point.low], [point.high - point.mean]]
            if has_interval
            else None,
            color=color,
            marker=marker_of[point.size],
            markersize=8,
            capsize=4,
        )


def _draw_seeds(
    axes: Any, score: str, frame: pd.DataFrame, curve: pd.DataFrame, color: Any
) -> None:
    few = curve[curve["low"].isna() & (curve["seeds"] > 1)]
    keys = ["density", "size", "pattern"]
    cells = frame.merge(few[keys], on=keys).dropna(subset=[score])
    axes.plot(
        cells[connections_column(score)],
        cells[score],
        linestyle="none",
        marker=".",
        color=color,
        alpha=0.6,
    )


def _add_legend(
    figure: Any, color_of: Dict[float, Any], marker_of: Dict[int, str], bars: bool
) -> None:
    from matplotlib.lines import Line2D

    curves = [
        Line2D([], [], color=color, linewidth=2, label=f"density {density:g}")
        for density, color in sorted(color_of.items(), reverse=True)
    ]
    points = [
        Line2D([], [], color="grey", marker=marker, linestyle="none", label=f"size {s}")
        for s, marker in marker_of.items()
    ]
    figure.legend(
        handles=curves + points,
        title=f"bars: {CONFIDENCE:.0%} interval of the mean" if bars else None,
        title_fontsize=13,
        loc="upper center",
        ncol=3,
        fontsize=13,
        bbox_to_anchor=(0.5, 0.0),
    )
