"""Statistics of values over seeds."""

from __future__ import annotations

from typing import Mapping, Sequence

import numpy as np
from scipy import stats

from rasa_randconn.comparison.intervals import (
    CONFIDENCE,
    ROUNDING,
    Interval,
    mean_interval,
)

RESAMPLES = 9999


def deviation(values: Sequence[float]) -> Interval:
    """Standard deviation over seeds, with a bootstrap interval (bias-corrected)."""
    array = np.asarray(values, float)
    value = float(np.std(array, ddof=1))
    if np.ptp(array) < ROUNDING:
        return Interval(value, value, value)
    found = stats.bootstrap(
        (array,),
        lambda sample, axis: np.std(sample, axis=axis, ddof=1),
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        random_state=np.random.default_rng(0),
    ).confidence_interval
    return Interval(value, float(found.low), float(found.high))


def mean_difference(one: Sequence[float], other: Sequence[float]) -> Interval:
    """Mean of `one` less `other`, paired over seeds, by Student's t."""
    return mean_interval(np.subtract(one, other).tolist())


def paired_difference(one: Mapping[int, float], other: Mapping[int, float]) -> Interval:
    """Mean of `one` less `other` over the seeds of both, by Student's t."""
    seeds = [seed for seed in one if seed in other]
    return mean_difference(
        [one[seed] for seed in seeds], [other[seed] for seed in seeds]
    )


def same_spread(one: Sequence[float], other: Sequence[float]) -> float:
    """How likely spreads so different are where there is no difference.

    Values of one seed belong together. Where both spread alike, their sums and their
    differences are not correlated.

    Returns:
        The p-value.

    Source: Pitman, "A note on normal correlation", 1939; Morgan, the same year.
    """
    sums, differences = np.add(one, other), np.subtract(one, other)
    if np.ptp(differences) < ROUNDING:
        return 1.0
    return float(stats.pearsonr(sums, differences)[1])


def epochs_to(curve: Sequence[float], fraction: float = 0.95) -> int:
    """The first epoch, from 1, from which on a curve stays above its goal.

    Args:
        curve: A value for every epoch, the larger the better.
        fraction: The goal, as a fraction of the last value.
    """
    below = np.flatnonzero(np.asarray(curve) < fraction * curve[-1])
    return int(below[-1]) + 2 if len(below) else 1
