"""The table of a sweep, a row for every cell, and its means over seeds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import pandas as pd

from rasa_randconn.comparison.configuration import SECTIONS
from rasa_randconn.comparison.intervals import FEWEST_SEEDS, mean_interval
from rasa_randconn.comparison.results import F1_SCORES, Run, by_family
from rasa_randconn.files import write_atomically

SETTING = ["density", "size", "pattern"]

_OF_COMPONENT = ("train_seconds", "connections", "trainable_weights", "model_bytes")
_PERCENTILES = ("p50", "p95", "p99")


def connections_column(score: str) -> str:
    """Names the column with the weights that a score depends on.

    Args:
        score: A key of `F1_SCORES`.

    Returns:
        The column with the number of weights in the randomly connected layers of the
        policies for actions, of the pipeline for everything else.
    """
    section = "policies" if score == "action_f1" else "pipeline"
    return f"{section}_connections"


def tabulate(runs: Sequence[Run]) -> pd.DataFrame:
    """Makes the table of all cells.

    Args:
        runs: What was measured in the cells, at least one.

    Returns:
        A row for every cell, ordered by setting and seed. Times are in seconds,
        latencies in milliseconds, sizes and memory in bytes. Columns that no cell has
        a value for are left out.
    """
    frame = pd.DataFrame([_row(run) for run in runs]).dropna(axis="columns", how="all")
    order = ["pattern", "density", "size", "seed"]
    return frame.sort_values(order, ignore_index=True)


def _row(run: Run) -> Dict[str, Any]:
    components = by_family(run)
    row: Dict[str, Any] = {**run["cell"]}
    for key in (*F1_SCORES, "conversation_accuracy", "train_seconds"):
        row[key] = run.get(key)
    row["train_process_seconds"] = run["train_process_seconds"]
    for key in ("connections", "trainable_weights", "model_bytes"):
        row[key] = _total(components.values(), key)
    for section in SECTIONS:
        own = [c for c in components.values() if c["position"].startswith(section)]
        row[f"{section}_connections"] = _total(own, "connections") if own else None
    row["model_archive_bytes"] = run["model_archive_bytes"]
    row["load_seconds"] = run["load_seconds"]
    row.update(_latencies("message", run.get("message_latency_ms")))
    for phase, peak in run["peak_rss_bytes"].items():
        row[f"{phase}_peak_rss_bytes"] = peak
    for family, component in components.items():
        name = family.replace(" ", "_")
        for key in (*_OF_COMPONENT, "load_seconds"):
            row[f"{name}_{key}"] = component.get(key)
        row.update(_latencies(name, component.get("latency_ms")))
    row.update(host=run["host"], threads=run["threads"], cpu=run["machine"]["cpu"])
    row.update(epochs=run["epochs"], started=run["started"], commit=run.get("commit"))
    row.update({f"{name}_version": text for name, text in run["versions"].items()})
    return row


def _total(components: Any, key: str) -> Optional[int]:
    # a component that had nothing to train on has no model, so nothing was counted
    values = [component.get(key) for component in components]
    counted = [value for value in values if value is not None]
    return sum(counted) if counted else None


def _latencies(name: str, found: Optional[Dict[str, float]]) -> Dict[str, Any]:
    return {f"{name}_latency_{p}_ms": (found or {}).get(p) for p in _PERCENTILES}


def interval(values: Sequence[float]) -> Optional[Tuple[float, float]]:
    """Computes the 95% confidence interval of a mean by Student's t.

    Args:
        values: A value for every seed.

    Returns:
        The lower and the upper end; `None` for fewer than three values.
    """
    if len(values) < FEWEST_SEEDS:
        return None
    _, low, high = mean_interval(values)
    return low, high


def summarize(frame: pd.DataFrame) -> pd.DataFrame:
    """Averages every F1 over the seeds.

    Args:
        frame: The table of cells.

    Returns:
        A row for every setting and score: `score`, the setting, `seeds` (how many),
        `mean`, `low` and `high` (the 95% interval, NaN for fewer than three seeds) and
        `connections` (the mean number of weights in the randomly connected layers that
        the score depends on).
    """
    rows: List[Dict[str, Any]] = []
    for score in measured_scores(frame):
        for setting, group in frame.dropna(subset=[score]).groupby(SETTING, sort=False):
            values = group[score].tolist()
            low, high = interval(values) or (float("nan"), float("nan"))
            rows.append(
                {
                    "score": score,
                    **dict(zip(SETTING, setting)),
                    "seeds": len(values),
                    "mean": sum(values) / len(values),
                    "low": low,
                    "high": high,
                    "connections": group[connections_column(score)].mean(),
                }
            )
    return pd.DataFrame(rows)


def measured_scores(frame: pd.DataFrame) -> List[str]:
    """Lists the scores that depend on what was varied.

    Args:
        frame: The table of cells.

    Returns:
        Keys of `F1_SCORES`.
    """
    return [
        score
        for score in F1_SCORES
        if score in frame and connections_column(score) in frame
    ]


def write(frame: pd.DataFrame, summary: pd.DataFrame, folder: Path) -> None:
    """Writes `results.csv`, `results.parquet` and `summary.csv`, each whole.

    Args:
        frame: The table of cells.
        summary: The means over seeds.
        folder: The folder to write to.
    """
    for name, table in (("results.csv", frame), ("summary.csv", summary)):
        with write_atomically(folder / name) as file:
            table.to_csv(file, index=False)
    temporary = folder / ".results.parquet"
    frame.to_parquet(str(temporary), index=False)
    os.replace(str(temporary), str(folder / "results.parquet"))
