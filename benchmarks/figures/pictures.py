"""The pictures of README and docs."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any, List, Sequence

from benchmarks.article.spread import paired_difference
from benchmarks.figures.comparisons import (
    COMPARISONS,
    OURS,
    SCORES,
    SHOWN,
    STOCK,
    Comparison,
)

TRAINING_TIME = "training-time.svg"
F1 = "f1.svg"

_COLOURS = {STOCK: "#9aa5b1", OURS: "#0b6bcb"}
_WIDTH = 5.2
_BAR = 0.38


def draw(folder: Path) -> List[Path]:
    """Draws all pictures.

    Args:
        folder: Where the SVG files go.

    Returns:
        The files.
    """
    import matplotlib

    matplotlib.use("Agg")
    # the same results give the same bytes
    settings = {
        "svg.hashsalt": "figures",
        "svg.fonttype": "path",
        "font.family": "DejaVu Sans",
        "font.size": 12,
    }
    with matplotlib.rc_context(settings):
        return [_training_time(folder / TRAINING_TIME), _scores(folder / F1)]


def _training_time(path: Path) -> Path:
    """Bars of the time of training, as a share of stock's, with the times beside."""
    comparisons = [COMPARISONS[name] for name in SHOWN]
    figure, axes = _axes(len(comparisons))
    for row, comparison in enumerate(comparisons):
        stock, ours = (_median(comparison, role) for role in (STOCK, OURS))
        texts = {role: comparison.text("training", role) for role in (STOCK, OURS)}
        texts[OURS] += f", {comparison.change('training')}"
        for offset, role, value in ((-0.5, STOCK, stock), (0.5, OURS, ours)):
            share, at = value / stock, row + offset * _BAR
            axes.barh(at, share, _BAR, color=_COLOURS[role])
            axes.text(
                share + 0.012,
                at,
                texts[role],
                va="center",
                weight="bold" if role == OURS else "normal",
            )
    axes.set_xlim(0, 1.14)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    _label(axes, [comparison.title for comparison in comparisons])
    axes.set_title("Training: stock (grey), ours (blue)", loc="left", weight="bold")
    return _save(figure, path)


def _scores(path: Path) -> Path:
    """Differences of F1 to stock, in points, with their intervals."""
    rows = [
        (comparison, score)
        for comparison in (COMPARISONS[name] for name in SHOWN)
        for score in SCORES
        if comparison.by_seed(score, STOCK)
    ]
    figure, axes = _axes(len(rows), height=0.38)
    for at, (comparison, score) in enumerate(rows):
        difference = paired_difference(
            comparison.by_seed(score, OURS), comparison.by_seed(score, STOCK)
        )
        mean, low, high = (100 * value for value in difference)
        axes.plot([low, high], [at, at], color=_COLOURS[OURS], linewidth=2)
        axes.plot(mean, at, "o", color=_COLOURS[OURS])
    axes.axvline(0, color=_COLOURS[STOCK], linewidth=1)
    _label(axes, [f"{_short(c)}: {score.split('-')[0]}" for c, score in rows])
    axes.set_xlabel("points of F1, ours less stock, with 95% intervals")
    return _save(figure, path)


def _median(comparison: Comparison, role: str) -> float:
    return statistics.median(comparison.by_seed("training", role).values())


def _short(comparison: Comparison) -> str:
    return comparison.title.rpartition(",")[0] or comparison.title


def _axes(rows: int, height: float = 0.8) -> Any:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(_WIDTH, 0.9 + height * rows))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(left=False)
    return figure, axes


def _label(axes: Any, titles: Sequence[str]) -> None:
    axes.set_yticks(range(len(titles)))
    axes.set_yticklabels(titles)
    axes.set_ylim(len(titles) - 0.5, -0.5)


def _save(figure: Any, path: Path) -> Path:
    from matplotlib import pyplot

    figure.savefig(
        str(path), bbox_inches="tight", facecolor="white", metadata={"Date": None}
    )
    pyplot.close(figure)
    return path
