"""Draws what components log while they are trained, against the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional, Sequence, Tuple

from rasa_randconn.comparison.plot_files import add_legend, write
from rasa_randconn.comparison.results import Run, by_family, name_of, names

_LOSS = "t_loss"

#: What the measures are called that tell how much a component knows.
_LABELS = {
    "acc": "accuracy",
    "i_acc": "intent accuracy",
    "r_acc": "response accuracy",
    "e_f1": "entity F1",
    "g_f1": "entity group F1",
    "r_f1": "entity role F1",
}

# From here on a straight axis would squeeze the shorter curves to a line.
_LARGEST_RATIO = 4.0

_PANEL_HEIGHT_INCHES = 2.6

Curve = Tuple[List[float], List[float]]


def draw(runs: Sequence[Run], folder: Path) -> List[Path]:
    """Draws the loss, the accuracy and the F1 of every family of components.

    All configurations are in one plot, in a colour each, with a line for every seed.

    Args:
        runs: The runs.
        folder: An existing folder for the pictures.

    Returns:
        The PNG files. There is none for components that log nothing.
    """
    families = dict.fromkeys(family for run in runs for family in by_family(run))
    drawn = (_draw_family(runs, family, folder) for family in families)
    return [path for path in drawn if path is not None]


def _draw_family(runs: Sequence[Run], family: str, folder: Path) -> Optional[Path]:
    from matplotlib import pyplot, ticker

    logged = [
        name
        for name in (_LOSS, *_LABELS)
        if any(_curve(run, family, name) for run in runs)
    ]
    if not logged:
        return None
    figure, panels = pyplot.subplots(
        len(logged),
        figsize=(6.4, 0.6 + _PANEL_HEIGHT_INCHES * len(logged)),
        sharex=True,
        squeeze=False,
    )
    for axes, name in zip(panels[:, 0], logged):
        for index, config in enumerate(names(runs)):
            for run in runs:
                curve = _curve(run, family, name)
                if name_of(run) == config and curve is not None:
                    axes.plot(*curve, color=f"C{index}", alpha=0.8, label=config)
        axes.set_ylabel(_LABELS.get(name, "loss"), fontsize=13)
        axes.tick_params(labelsize=12)
        axes.grid(alpha=0.3)
        if name != _LOSS:
            axes.set_ylim(top=1.02)
    label = f"{family}: seconds of training, a line for every seed"
    if _is_wide(runs, family):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        label += " (logarithmic)"
    else:
        axes.set_xlim(left=0)
    axes.set_xlabel(label, fontsize=12)
    add_legend(figure, panels[0, 0])
    return write(figure, folder / f"learning_curves_{family.replace(' ', '_')}.png")


def _curve(run: Run, family: str, name: str) -> Optional[Curve]:
    """Seconds and values of a measure; `None` if it was not logged."""
    curve: Any = by_family(run).get(family, {}).get("learning_curve") or {}
    points = [
        (seconds, value)
        for seconds, value in zip(curve.get("seconds", ()), curve.get(name, ()))
        if value is not None
    ]
    if not points:
        return None
    return [seconds for seconds, _ in points], [value for _, value in points]


def _is_wide(runs: Sequence[Run], family: str) -> bool:
    """Whether some trainings are much longer than others."""
    curves = (_curve(run, family, _LOSS) for run in runs)
    lengths = [curve[0][-1] for curve in curves if curve is not None]
    return bool(lengths) and max(lengths) > _LARGEST_RATIO * min(lengths)
