"""The tables of README and docs, by name."""

from __future__ import annotations

from typing import Callable, Dict, List

from benchmarks.figures import sweeps
from benchmarks.figures.article import (
    convergence_table,
    inputs_table,
    pruning_table,
    small_transformers_table,
)
from benchmarks.figures.claims import claims_table
from benchmarks.figures.comparisons import (
    COMPARISONS,
    METRICS,
    OURS,
    RESULTS,
    SCORES,
    SHOWN,
    STOCK,
    Comparison,
)
from benchmarks.figures.densities import connections_table, densities_table
from benchmarks.figures.options import (
    groups_table,
    half_precision_table,
    learning_rates_table,
)
from benchmarks.figures.selectors import selector_epochs_table, selector_sizes_table
from benchmarks.figures.speed import encoder_table, layers_table, steps_table
from benchmarks.figures.texts import table
from benchmarks.figures.uses import finetuning_table, serving_table
from benchmarks.quality import averaging, small_data

_HEADLINE = ("training", "process", "message", "archive", "intent-f1", "entity-f1")

_COMPARED = (
    *("training", "first-step", "process", "loading", "loading-all"),
    *("latency", "p99", "message"),
    *SCORES,
    *("connections", "weights", "files", "archive"),
    *("memory-training", "memory-serving"),
)

_ALTERNATIVES = ("training", "process", "message", "connections", "archive")

_CLASSIC = ("intent-f1", "entity-f1", "process", "loading-all", "message", "archive")

_FEWEST_EPOCHS_AVERAGED = 10


def make(source: str) -> List[str]:
    """Makes a table.

    Args:
        source: The name of the table and, after it, what the table is about.

    Returns:
        The lines of Markdown.

    Raises:
        KeyError: If there is no such table.
    """
    name, *about = source.split()
    return _TABLES[name](*about)


def _headline() -> List[str]:
    """The six rows that README and home page show."""
    comparison = COMPARISONS["sara"]
    header = [comparison.title, "stock", "**ours**", ""]
    rows = [_beside_stock(comparison, figure) for figure in _HEADLINE]
    for row in rows:
        row[2] = f"**{row[2]}**"
    return table(header, rows)


def _comparison(name: str) -> List[str]:
    """All figures of stock and ours on a data set."""
    comparison = COMPARISONS[name]
    rows = [
        _beside_stock(comparison, figure)
        for figure in _COMPARED
        if comparison.by_seed(figure, STOCK)
    ]
    return table([comparison.title, "stock", "ours", ""], rows)


def _training() -> List[str]:
    """The time of training on every data set."""
    rows = []
    for comparison in (COMPARISONS[name] for name in SHOWN):
        row = _beside_stock(comparison, "training")
        rows.append([comparison.title, *row[1:]])
    return table(["training", "stock", "ours", ""], rows)


def _quality() -> List[str]:
    """F1 on every data set, with the difference to stock."""
    rows = [
        [
            comparison.title,
            *_beside_stock(comparison, score),
            comparison.seeds(score, OURS),
        ]
        for comparison in (COMPARISONS[name] for name in SHOWN)
        for score in SCORES
        if comparison.by_seed(score, STOCK)
    ]
    return table(["", "", "stock", "ours", "ours - stock", "seeds"], rows, left=2)


def _alternatives(name: str) -> List[str]:
    """What else could be trained on a data set."""
    titles = {
        "stock": "stock",
        "ours": "ours, `grouped`",
        "unstructured": "ours, `unstructured`",
        "dense": "stock, density 1.0",
        "classic": "`LogisticRegression` + `CRF`",
    }
    comparison = COMPARISONS[name]
    roles = [role for role in titles if comparison.by_seed("process", role)]
    rows = [
        [METRICS[figure].label, *(comparison.text(figure, role) for role in roles)]
        for figure in (*SCORES, *_ALTERNATIVES)
        if comparison.by_seed(figure, STOCK)
    ]
    score = next(score for score in SCORES if comparison.by_seed(score, STOCK))
    for title, figure in (("seeds of F1", score), ("seeds of the rest", "process")):
        rows.append([title, *(comparison.seeds(figure, role) for role in roles)])
    return table([comparison.title, *(titles[role] for role in roles)], rows)


def _classic() -> List[str]:
    """The usual fast alternative to DIET beside both, on the two data sets of NLU."""
    roles = (STOCK, OURS, "classic")
    rows = [
        [comparison.title, METRICS[figure].label]
        + [comparison.text(figure, role) for role in roles]
        for comparison in (COMPARISONS["sara"], COMPARISONS["hwu64"])
        for figure in _CLASSIC
    ]
    header = ["", "", "stock", "ours", "`LogisticRegression` + `CRF`"]
    return table(header, rows, left=2)


def _beside_stock(comparison: Comparison, figure: str) -> List[str]:
    return [
        METRICS[figure].label,
        comparison.text(figure, STOCK),
        comparison.text(figure, OURS),
        comparison.change(figure) or "",
    ]


def _averaging() -> List[str]:
    results = averaging.read(RESULTS / "averaging")
    return averaging.table(
        [result for result in results if result["epochs"] >= _FEWEST_EPOCHS_AVERAGED]
    )


def _small_data() -> List[str]:
    return small_data.table(small_data.read(RESULTS / "small-data"))


_TABLES: Dict[str, Callable[..., List[str]]] = {
    "headline": _headline,
    "comparison": _comparison,
    "training": _training,
    "quality": _quality,
    "alternatives": _alternatives,
    "classic": _classic,
    "averaging": _averaging,
    "small-data": _small_data,
    "densities": densities_table,
    "connections": connections_table,
    "learning-rates": learning_rates_table,
    "groups": groups_table,
    "half-precision": half_precision_table,
    "selector-epochs": selector_epochs_table,
    "selector-sizes": selector_sizes_table,
    "layers": layers_table,
    "encoder": encoder_table,
    "steps": steps_table,
    "finetuning": finetuning_table,
    "serving": serving_table,
    "sweep-scores": sweeps.scores,
    "sweep-weights": sweeps.weights,
    "claims": claims_table,
    "convergence": convergence_table,
    "workshop-size-32": small_transformers_table,
    "inputs": inputs_table,
    "pruning": pruning_table,
}
