"""Timing functions side by side."""

from __future__ import annotations

import statistics
import time
from typing import Callable, Dict, Mapping


def medians(
    functions: Mapping[str, Callable[[], object]], repeats: int
) -> Dict[str, float]:
    """Median milliseconds of every function, called in turn after two calls unmeasured.

    Calling in turn spreads what the machine does meanwhile over all of them. Before
    every measured call is one that is not: in a training, too, a step follows its like,
    and does not find another layer's numbers in the caches.

    Args:
        functions: What to time, by name.
        repeats: Calls of each.
    """
    for function in functions.values():
        function()
        function()
    times: Dict[str, list] = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            function()
            start = time.perf_counter()
            function()
            times[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}
