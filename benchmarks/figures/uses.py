"""Finetuning and a server under load."""

from __future__ import annotations

import json
import statistics
from typing import Any, Dict, List

from benchmarks.figures.comparisons import RESULTS
from benchmarks.figures.texts import number, table
from rasa_randconn.comparison.changes import Quantity, change

_SCORES = ("intent", "entity")


def finetuning_table() -> List[str]:
    """Makes the table of F1 before and after finetuning, and from scratch."""
    rows = []
    results: List[Dict[str, Any]] = _read("finetuning")
    for config, title in (("sara.stock", "stock"), ("sara.ours", "ours")):
        cells = []
        for model in ("part", "finetuned", "full"):
            own = [r for r in results if (r["config"], r["model"]) == (config, model)]
            means = (statistics.mean(r[key] for r in own) for key in _SCORES)
            cells.append(" / ".join(f"{mean:.3f}" for mean in means))
        rows.append([title, *cells])
    header = ["F1 of intents / entities", "after 80%", "finetuned", "from scratch"]
    return table(header, rows)


def serving_table() -> List[str]:
    """Makes the table of a server with eight clients."""
    stock, ours = _read("serving").values()
    rows = []
    for title, key, quantity, unit, scale in (
        ("messages per second", "messages_per_second", Quantity.COUNT, "", 1.0),
        ("median", "p50_ms", Quantity.TIME, " ms", 1.0),
        ("p99", "p99_ms", Quantity.TIME, " ms", 1.0),
        ("memory at the end", "rss_at_the_end", Quantity.SIZE, " MB", 1e6),
    ):
        rows.append(
            [
                title,
                *(f"{number(side[key] / scale)}{unit}" for side in (stock, ours)),
                change(quantity, {0: ours[key]}, {0: stock[key]}) or "",
            ]
        )
    return table(["`rasa run`, Sara, 8 clients", "stock", "ours", ""], rows)


def _read(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
