"""How long the kernels take to compile."""

from __future__ import annotations

import json
import statistics

from benchmarks.figures.comparisons import RESULTS


def compile_time() -> str:
    """Writes the median, in whole seconds."""
    measured = json.loads((RESULTS / "warmup.json").read_text(encoding="utf-8"))
    return f"{statistics.median(measured['seconds']):.0f} seconds"
