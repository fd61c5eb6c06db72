"""Confidence intervals of means, by Student's t."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
"""How likely an interval holds the mean."""

FEWEST_SEEDS = 3
"""Seeds from which on an interval is shown: with two it says next to nothing."""

ROUNDING = 1e-12
"""Values that differ by less are the same, summed in another order."""


class Interval(NamedTuple):
    """A statistic with its 95% interval.

    Attributes:
        value: The statistic.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    def text(self, decimals: int = 4) -> str:
        """Writes the statistic, and the interval in brackets."""
        value, low, high = (
            f"{rounded(number, decimals):.{decimals}f}" for number in self
        )
        return f"{value} [{low}, {high}]"


def rounded(number: float, decimals: int) -> float:
    """Rounds a number for a reader, to 0 rather than -0."""
    return round(number, decimals) + 0.0


def mean_interval(values: Sequence[float]) -> Interval:
    """Computes a mean and its 95% confidence interval by Student's t.

    Args:
        values: A value for every seed; at least one.

    Returns:
        The mean and its interval, of no width for a single value and for equal ones.
    """
    array = np.asarray(values, float)
    mean = float(array.mean())
    if len(array) < 2 or np.ptp(array) < ROUNDING:
        return Interval(mean, mean, mean)
    low, high = stats.t.interval(
        CONFIDENCE, len(array) - 1, loc=mean, scale=stats.sem(array)
    )
    return Interval(mean, float(low), float(high))
