"""Figures of the sweeps in `benchmarks/results/sweeps`."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

import pandas as pd

from benchmarks.article.claims import Setting
from benchmarks.article.spread import paired_difference
from benchmarks.article.sweep_tables import score_table, weight_table
from benchmarks.figures.comparisons import RESULTS
from rasa_randconn.comparison.intervals import mean_interval
from rasa_randconn.sweep.table import SETTING, connections_column

SWEEPS = RESULTS / "sweeps"


def scores(sweep: str, score: str) -> List[str]:
    """Makes the table of an F1: sizes by patterns and densities.

    Args:
        sweep: Name of the sweep's folder.
        score: A key of `F1_SCORES`.

    Returns:
        The lines of the table.
    """
    return score_table(_summary(sweep, score))


def weights(sweep: str, score: str) -> List[str]:
    """Makes the table of the weights that an F1 depends on, as `scores` does."""
    return weight_table(_summary(sweep, score))


def figure(sweep: str, score: str, *words: str) -> str:
    """Writes a mean, the number of weights, or a difference of two settings.

    Args:
        sweep: Name of the sweep's folder.
        score: A key of `F1_SCORES`.
        *words: `SETTING mean`, `SETTING weights` or `SETTING less SETTING`, where a
            setting is density:size:pattern; after it `seeds` and their numbers, or all
            that there are.

    Returns:
        Such as `0.800`, `3,456` or `-0.004 [-0.018, 0.010]`.
    """
    about, seeds = _split_seeds(words)
    setting, what, *others = about
    found = values(sweep, score, setting, seeds)
    if what == "less":
        return paired_difference(found, values(sweep, score, others[0], seeds)).text(3)
    if what == "mean":
        return f"{mean_interval(list(found.values())).value:.3f}"
    if what == "weights":
        found = values(sweep, connections_column(score), setting, seeds)
        return f"{mean_interval(list(found.values())).value:,.0f}"
    raise ValueError(f"A sweep has no figure '{what}'.")


def values(
    sweep: str, column: str, setting: str, seeds: Sequence[int] = ()
) -> Dict[int, float]:
    """Looks a column of a sweep's table up.

    Args:
        sweep: Name of the sweep's folder.
        column: A column of its `results.csv`.
        setting: The cells that count, as density:size:pattern.
        seeds: The seeds that count; all if none are named.

    Returns:
        The values by seed.
    """
    frame = pd.read_csv(SWEEPS / sweep / "results.csv")
    own = frame[frame[SETTING].eq(list(Setting.parse(setting))).all(axis="columns")]
    found = dict(zip(own["seed"].astype(int), own[column].astype(float)))
    return {seed: found[seed] for seed in sorted(found) if not seeds or seed in seeds}


def _split_seeds(words: Sequence[str]) -> Tuple[List[str], List[int]]:
    found = list(words)
    if "seeds" not in found:
        return found, []
    at = found.index("seeds")
    return found[:at], [int(seed) for seed in found[at + 1 :]]


def _summary(sweep: str, score: str) -> pd.DataFrame:
    summary = pd.read_csv(SWEEPS / sweep / "summary.csv")
    return summary[summary["score"] == score]
