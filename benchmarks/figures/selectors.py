"""The response selector at densities 1.0 and 0.2."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple

from benchmarks.article.spread import mean_difference
from benchmarks.figures.comparisons import COMPARISONS, RESULTS, runs_in
from benchmarks.figures.runs import mean_score
from benchmarks.figures.texts import table
from benchmarks.quality import small_data
from rasa_randconn.comparison.results import name_of

_CONFIGURATIONS = ("stock", "stock-d02", "ours-d1", "ours")


def selector_epochs_table() -> List[str]:
    """Makes the table of Sara's three selectors, seed 1, by the number of epochs."""
    runs = runs_in("selectors")
    rows = [
        [
            str(epochs),
            *(
                mean_score(
                    [r for r in runs if (name_of(r), r["epochs"]) == (name, epochs)],
                    "response_f1",
                )
                for name in _CONFIGURATIONS
            ),
        ]
        for epochs in sorted({run["epochs"] for run in runs})
    ]
    bot = COMPARISONS["sara-bot"]
    stock, ours = (bot.text("response-f1", role) for role in ("stock", "ours"))
    seeds = bot.seeds("response-f1", "ours")
    rows.append([f"80, seeds {seeds}", stock, "", "", ours])
    header = ["epochs", "stock, 1.0", "stock, 0.2", "ours, 1.0", "ours, 0.2"]
    return table(header, rows)


def selector_sizes_table() -> List[str]:
    """Makes the table of F1 with few examples, at both densities."""
    dense, sparse = (
        _by_cell(small_data.read(RESULTS / folder))
        for folder in ("small-data", "small-data-selector")
    )
    cells = sorted({(size, epochs) for size, epochs, _ in sparse})
    rows = []
    for size, epochs in cells:
        stock, ours, own = (
            found[size, epochs, side]
            for found, side in ((dense, "stock"), (dense, "ours"), (sparse, "ours"))
        )
        rows.append(
            [
                str(size),
                str(epochs),
                _mean(stock),
                _mean(ours),
                mean_difference(ours, stock).text(3),
                _mean(own),
                mean_difference(own, stock).text(3),
            ]
        )
    header = ["examples", "epochs", "stock, 1.0", "ours, 1.0", "less stock"]
    return table([*header, "ours, 0.2", "less stock"], rows, left=2)


def _by_cell(
    results: List[Mapping[str, Any]],
) -> Dict[Tuple[int, int, str], List[float]]:
    found: Dict[Tuple[int, int, str], List[float]] = {}
    for result in results:
        if result["kind"] == "selector":
            cell = result["size"], result["epochs"], result["side"]
            found.setdefault(cell, []).append(result["scores"]["responses"])
    return found


def _mean(values: List[float]) -> str:
    return f"{sum(values) / len(values):.3f}"
