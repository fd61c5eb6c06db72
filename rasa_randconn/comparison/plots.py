"""Draws the results."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any, Callable, List, Optional, Sequence, Tuple

from rasa_randconn.comparison import learning_curves
from rasa_randconn.comparison.plot_files import add_legend, write
from rasa_randconn.comparison.results import F1_SCORES, Run, by_family, name_of, names

FOLDER = "plots"

_SCORES = tuple(zip(F1_SCORES, ("intents", "entities", "responses", "actions")))
_MARKERS = "osD^v"


def draw(runs: Sequence[Run], folder: Path) -> List[Path]:
    """Draws times of training, F1, latencies and learning curves of all configurations.

    Args:
        runs: The runs.
        folder: The comparison's folder; the pictures go to `plots` in it.

    Returns:
        The PNG files; beside each there is an SVG file of the same name. What was not
        measured is not drawn.
    """
    import matplotlib

    matplotlib.use("Agg")
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    drawn = [
        _training_time(runs, target / "training_time.png"),
        _scores(runs, target / "f1.png"),
        _latency(runs, target / "latency.png"),
        _scores_by_connections(runs, target / "f1_by_connections.png"),
    ]
    curves = learning_curves.draw(runs, target)
    return [path for path in drawn if path is not None] + curves


def _training_time(runs: Sequence[Run], path: Path) -> Optional[Path]:
    families = _families(runs, lambda component: component.get("train_seconds"))
    if not families:
        return None
    figure, axes = _figure(len(names(runs)) * len(families))
    for index, family in enumerate(families):
        for row, name in enumerate(names(runs)):
            times = _values(runs, name, family, ("train_seconds",))
            if times:
                position = row + _offset(index, len(families))
                axes.barh(
                    position,
                    statistics.median(times),
                    height=0.8 / len(families),
                    color=f"C{index}",
                    label=family,
                )
                axes.plot(times, [position] * len(times), "k.", markersize=7)
    axes.set_xlabel("time of training in s: median, and a dot per seed")
    return _save(figure, axes, runs, path, legend=len(families) > 1)


def _scores(runs: Sequence[Run], path: Path) -> Optional[Path]:
    shown = [
        item for item in _SCORES if any(run.get(item[0]) is not None for run in runs)
    ]
    if not shown:
        return None
    figure, axes = _figure(len(names(runs)) * len(shown))
    for index, (key, label) in enumerate(shown):
        for row, name in enumerate(names(runs)):
            scores = [
                run[key]
                for run in runs
                if name_of(run) == name and run.get(key) is not None
            ]
            axes.plot(
                scores,
                [row + _offset(index, len(shown))] * len(scores),
                linestyle="none",
                marker=_MARKERS[index],
                color=f"C{index}",
                alpha=0.7,
                label=label,
            )
    axes.set_xlabel("weighted F1, a point per seed")
    return _save(figure, axes, runs, path, legend=True)


def _latency(runs: Sequence[Run], path: Path) -> Optional[Path]:
    families = _families(runs, lambda component: component.get("latency_ms"))
    if not families:
        return None
    figure, axes = _figure(len(names(runs)) * len(families))
    for index, family in enumerate(families):
        for row, name in enumerate(names(runs)):
            position = row + _offset(index, len(families))
            for quantile, marker in (("p50", "o"), ("p95", "|"), ("p99", "x")):
                times = _values(runs, name, family, ("latency_ms", quantile))
                if times:
                    axes.plot(
                        statistics.median(times),
                        position,
                        linestyle="none",
                        marker=marker,
                        markersize=9,
                        color=f"C{index}",
                        label=f"{family} {quantile}",
                    )
    axes.set_xlim(left=0)
    axes.set_xlabel("latency of one prediction in ms, median over seeds")
    return _save(figure, axes, runs, path, legend=True)


def _scores_by_connections(runs: Sequence[Run], path: Path) -> Optional[Path]:
    from matplotlib import pyplot

    series = []
    for key, label in _SCORES:
        family = {"action_f1": "TEDPolicy", "response_f1": "ResponseSelector"}.get(
            key, "DIETClassifier"
        )
        points = [
            (by_family(run)[family].get("connections"), run[key])
            for run in runs
            if run.get(key) is not None and family in by_family(run)
        ]
        points = [point for point in points if point[0]]
        if len({connections for connections, _ in points}) > 1:
            series.append((label, points))
    if not series:
        return None
    figure, axes = pyplot.subplots(figsize=(6.4, 4.4))
    for index, (label, points) in enumerate(series):
        axes.plot(
            [connections for connections, _ in points],
            [score for _, score in points],
            linestyle="none",
            marker=_MARKERS[index],
            alpha=0.7,
            label=label,
        )
    axes.set_xscale("log")
    axes.set_xlabel("weights in randomly connected layers", fontsize=13)
    axes.set_ylabel("weighted F1, a point per run", fontsize=13)
    axes.tick_params(labelsize=12)
    axes.grid(alpha=0.3)
    add_legend(figure, axes)
    return write(figure, path)


def _families(runs: Sequence[Run], measured: Callable[[Any], Any]) -> List[str]:
    return list(
        dict.fromkeys(
            family
            for run in runs
            for family, component in by_family(run).items()
            if measured(component) is not None
        )
    )


def _values(
    runs: Sequence[Run], name: str, family: str, keys: Sequence[str]
) -> List[float]:
    values = []
    for run in runs:
        found: Any = by_family(run).get(family) if name_of(run) == name else None
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            values.append(float(found))
    return values


def _offset(index: int, count: int) -> float:
    return (index - (count - 1) / 2) * 0.8 / count


def _figure(rows: int) -> Tuple[Any, Any]:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 1.8 + 0.4 * rows))
    return figure, axes


def _save(
    figure: Any, axes: Any, runs: Sequence[Run], path: Path, legend: bool
) -> Path:
    configs = names(runs)
    axes.set_yticks(range(len(configs)))
    axes.set_yticklabels(configs)
    axes.set_ylim(len(configs) - 0.5, -0.5)
    axes.set_ylabel("configuration", fontsize=13)
    axes.xaxis.label.set_size(13)
    axes.tick_params(labelsize=12)
    axes.grid(axis="x", alpha=0.3)
    if legend:
        add_legend(figure, axes)
    return write(figure, path)
