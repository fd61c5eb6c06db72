"""How a value differs from that of the first configuration, in words."""

from __future__ import annotations

import statistics
from enum import Enum
from typing import Mapping, Optional, Sequence

import numpy as np

from rasa_randconn.comparison.intervals import FEWEST_SEEDS, mean_interval, rounded

_NO_CHANGE = 1.05


class Quantity(Enum):
    """What a number measures: the words for less and for more of it."""

    TIME = ("faster", "slower")
    SIZE = ("smaller", "larger")
    COUNT = ("fewer", "more")
    SCORE = ("", "")


def change(
    quantity: Quantity, values: Mapping[int, float], first: Mapping[int, float]
) -> Optional[str]:
    """Says how values differ from those of the first configuration.

    Args:
        quantity: What they measure.
        values: A configuration's values, by seed.
        first: Those of the first one.

    Returns:
        Such as `10.2x faster`, the ratio of the medians, or for scores `+0.6 points`,
        the mean difference, from three seeds on with its interval; `None` without a
        seed that both have. Only seeds that both have count.
    """
    seeds = [seed for seed in values if seed in first]
    if not seeds:
        return None
    own, base = [values[seed] for seed in seeds], [first[seed] for seed in seeds]
    if quantity is Quantity.SCORE:
        return _points(own, base)
    return _times(quantity, statistics.median(own), statistics.median(base))


def typical(quantity: Quantity, values: Sequence[float]) -> Optional[float]:
    """The value that stands for several seeds.

    Args:
        quantity: What the values measure.
        values: Those of all seeds.

    Returns:
        The mean of scores, the median of anything else; `None` without values.
    """
    if not values:
        return None
    is_score = quantity is Quantity.SCORE
    return statistics.mean(values) if is_score else statistics.median(values)


def _times(quantity: Quantity, value: float, base: float) -> Optional[str]:
    if min(value, base) <= 0:
        return None
    factor = max(value / base, base / value)
    if factor < _NO_CHANGE:
        return "about the same"
    less, more = quantity.value
    return f"{factor:.{0 if factor >= 100 else 1}f}x {less if value < base else more}"


def _points(values: Sequence[float], base: Sequence[float]) -> str:
    differences = (100 * np.subtract(values, base)).tolist()
    mean, low, high = mean_interval(differences)
    text = f"{rounded(mean, 1):+.1f} points"
    if len(differences) < FEWEST_SEEDS:
        return text
    return f"{text} [{rounded(low, 1):.1f}, {rounded(high, 1):.1f}]"
