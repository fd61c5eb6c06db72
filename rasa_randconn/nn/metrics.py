"""Metrics of a training, averaged over the batches of an epoch."""

from __future__ import annotations

from collections import defaultdict
from typing import Dict

from rasa_randconn.nn.crf import TagCounts


class Metrics:
    """Collects the metrics of batches.

    As in Rasa, an F1 score counts all batches so far, and is then averaged over the
    batches.
    """

    def __init__(self) -> None:
        """Starts an epoch."""
        self._sums: Dict[str, float] = defaultdict(float)
        self._batches: Dict[str, int] = defaultdict(int)
        self._counts: Dict[str, TagCounts] = {}

    def add(self, name: str, value: float) -> None:
        """Adds the value of a batch."""
        self._sums[name] += value
        self._batches[name] += 1

    def add_counts(self, name: str, counts: TagCounts) -> None:
        """Adds the counts of a batch to an F1 score."""
        before = self._counts.get(name, TagCounts(0, 0, 0))
        right, wrong, missed = (a + b for a, b in zip(before, counts))
        self._counts[name] = TagCounts(right, wrong, missed)
        total = 2 * right + wrong + missed
        self.add(name, 2 * right / total if total else 0.0)

    def means(self) -> Dict[str, float]:
        """The mean of every metric over the batches so far."""
        return {name: total / self._batches[name] for name, total in self._sums.items()}
