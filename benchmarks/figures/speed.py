"""Layers, encoder and training steps, from what `make bench` measured."""

from __future__ import annotations

import json
from typing import Any, Dict, List

from benchmarks.figures.comparisons import RESULTS
from benchmarks.figures.texts import number, table

_LAYERS = "One layer, forward and backward, 1000 tokens"
_ENCODER = "One encoder step, batch of 128"
_STEPS = "One training step, batch of 128"

_DENSITY = 0.2


def layers_table() -> List[str]:
    """Makes the table of single layers at density 0.2, in ms."""
    columns = {
        "Keras' `Dense`": "Keras",
        "stock's layer": "stock",
        "`RandomlyConnectedDense`": "layer, grouped",
        "the components' kernels": "kernels, grouped",
        "the same, `unstructured`": "kernels, unstructured",
    }
    rows = [
        [
            f"{row['inputs']} x {row['units']}",
            *(f"{number(row[key])} ms" for key in columns.values()),
        ]
        for row in _rows(_LAYERS)
        if row["density"] == _DENSITY
    ]
    return table(["layer", *columns], rows)


def encoder_table() -> List[str]:
    """Makes the table of encoder steps, in ms."""
    rows = [
        [
            str(row["units"]),
            f"{row['density']:g}",
            *(f"{number(row[key])} ms" for key in ("stock", "grouped", "unstructured")),
        ]
        for row in _rows(_ENCODER)
    ]
    header = ["units", "density", "stock", "ours, `grouped`", "ours, `unstructured`"]
    return table(header, rows, left=2)


def steps_table() -> List[str]:
    """Makes the table of whole training steps, in ms."""
    rows = [
        [
            row["model"],
            *(f"{number(row[f'{side}, whole step'])} ms" for side in ("stock", "ours")),
        ]
        for row in _rows(_STEPS)
    ]
    return table(["a training step, 128 examples", "stock", "ours"], rows)


def _rows(title: str) -> List[Dict[str, Any]]:
    measured = json.loads((RESULTS / "speed.json").read_text(encoding="utf-8"))
    rows: List[Dict[str, Any]] = measured["milliseconds"][title]
    return rows
