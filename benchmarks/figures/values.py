"""Single figures in sentences, by name."""

from __future__ import annotations

from typing import Callable, Dict

from benchmarks.figures import sweeps
from benchmarks.figures.article import epochs_less
from benchmarks.figures.comparisons import COMPARISONS, OURS
from benchmarks.figures.compiling import compile_time


def make(source: str) -> str:
    """Makes a figure.

    Args:
        source: The kind of figure and, after it, what it is about.

    Returns:
        The figure as text.

    Raises:
        KeyError: If there is no such figure.
        ValueError: If nothing of the kind was measured.
    """
    kind, *about = source.split()
    text = _FIGURES[kind](*about)
    if not text:
        raise ValueError(f"No result has the figure '{source}'.")
    return text


def _comparison(name: str, figure: str, what: str, role: str = OURS) -> str:
    """A value of one side, or `change`, in words."""
    comparison = COMPARISONS[name]
    if what == "change":
        return comparison.change(figure, role) or ""
    return comparison.text(figure, what)


def _epochs(measure: str, density: str) -> str:
    return epochs_less(measure, float(density)).text(1)


_FIGURES: Dict[str, Callable[..., str]] = {
    "comparison": _comparison,
    "sweep": sweeps.figure,
    "epochs": _epochs,
    "compile-time": compile_time,
}
