"""Runs of `compare` in result files, chosen by name, seed and options."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Sequence

from benchmarks.figures.comparisons import runs_in
from rasa_randconn.comparison.results import Run, name_of


def runs_of(
    files: Sequence[str],
    name: str,
    seeds: Sequence[int] = (),
    options: Optional[Mapping[str, Any]] = None,
) -> List[Run]:
    """Finds the runs of a configuration.

    Args:
        files: Names of result files, without their ending.
        name: Name of the configuration.
        seeds: The seeds that count; all if none are named.
        options: The options that the runs set; not looked at if `None`.

    Returns:
        The last run of every seed, by seed.
    """
    found = {
        run["seed"]: run
        for file in files
        for run in runs_in(file)
        if name_of(run) == name
        and (not seeds or run["seed"] in seeds)
        and (options is None or run.get("options") == options)
    }
    return [found[seed] for seed in sorted(found)]


def mean_score(runs: Sequence[Run], score: str) -> str:
    """Writes the mean of an F1 over runs; empty without runs."""
    values = [run[score] for run in runs if run.get(score) is not None]
    return f"{sum(values) / len(values):.3f}" if values else ""
