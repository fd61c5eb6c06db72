"""Cells that only pretend to have been trained."""

from __future__ import annotations

import dataclasses
import os
import time

from rasa_randconn.sweep.cell_run import Outcome
from rasa_randconn.sweep.cells import Cell

#: What every pretended cell has in common.
COMMON = {
    "config": "config.yml",
    "train_seconds": 10.0,
    "train_process_seconds": 12.0,
    "model_archive_bytes": 10**6,
    "load_seconds": 1.0,
    "message_latency_ms": {"p50": 1.0, "p95": 1.5, "p99": 2.0},
    "peak_rss_bytes": {"training": 10**9, "serving": 10**8},
    "host": "a",
    "threads": 1,
    "machine": {"cpu": "a processor"},
    "epochs": 1,
    "started": "2026-01-01T00:00:00+00:00",
    "versions": {"rasa": "3.6.21"},
}


def pretended_run(cell: Cell, intent_f1: float = 0.5, **scores: float):
    """What would have been measured in a cell with a classifier only."""
    connections = int(cell.density * cell.size**2)
    component = {
        "class": "x.RandConnDIETClassifier",
        "family": "DIETClassifier",
        "position": "pipeline.2",
        "train_seconds": 8.0,
        "connections": connections,
        "trainable_weights": connections + 100,
        "model_bytes": 4 * connections,
        "load_seconds": 0.5,
        "latency_ms": {"p50": 0.5, "p95": 0.7, "p99": 0.9},
    }
    return {
        "cell": dataclasses.asdict(cell),
        "seed": cell.seed,
        "components": {"RandConnDIETClassifier": component},
        "intent_f1": intent_f1,
        **COMMON,
        **scores,
    }


@dataclasses.dataclass(frozen=True)
class PretendedTask:
    """Takes the place of `CellTask`, and writes a line for every call."""

    journal: str
    failing: str = ""
    hanging: str = ""

    def __call__(self, cell: Cell) -> Outcome:
        with open(self.journal, "a") as journal:
            journal.write(f"{cell.name} {os.getpid()}\n")
        if self.failing in ("all", cell.name):
            return Outcome(failure="On a, training failed.", log=["the reason"])
        while cell.name == self.hanging and os.path.exists(f"{self.journal}.hang"):
            time.sleep(0.05)
        return Outcome(pretended_run(cell))
