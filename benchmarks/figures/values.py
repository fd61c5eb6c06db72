"""Single figures in sentences, by name."""

from __future__ import annotations

from typing import Callable, Dict

from benchmarks.figures import sweeps
from benchmarks.figures.article import epochs_less
from benchmarks.figures.comparisons import COMPARISONS, METRICS, OURS
from benchmarks.figures.compiling import compile_time
from rasa_randconn.comparison.changes import Quantity


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
    """A value of one side, or `change`, in words; `factor` is the number of that."""
    comparison = COMPARISONS[name]
    if what not in ("change", "factor"):
        return comparison.text(figure, what)
    change = comparison.change(figure, role) or ""
    if what == "change" or METRICS[figure].quantity is Quantity.SCORE:
        return change
    return change.partition("x")[0]


def _epochs(measure: str, density: str) -> str:
    return epochs_less(measure, float(density)).text(1)


_FIGURES: Dict[str, Callable[..., str]] = {
    "comparison": _comparison,
    "sweep": sweeps.figure,
    "epochs": _epochs,
    "compile-time": compile_time,
}
