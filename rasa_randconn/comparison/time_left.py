"""How long several runs will still take, reckoned from those that are finished."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

from rasa_randconn.comparison.training_progress import TrainingProgress


@dataclass(frozen=True)
class RunningRun:
    """A run that has begun."""

    name: str
    """Name of its configuration."""

    seconds: float
    """Time since its beginning."""

    progress: Optional[TrainingProgress] = None
    """How far its training is; `None` before the first epoch of a component begins."""


@dataclass(frozen=True)
class TimeLeft:
    """An estimate of the time until all runs are finished."""

    seconds: float

    is_whole: bool
    """Whether all that is still to be done is in it. Of a run before one of the same
    configuration is finished, only the epochs of its training are known."""

    def __str__(self) -> str:
        """The estimate for a reader."""
        if self.is_whole:
            return f"about {duration(self.seconds)} left"
        if self.seconds > 0:
            return f"at least {duration(self.seconds)} left"
        return "? left"


class RunTimes:
    """Times of finished runs, and what they say about the others."""

    def __init__(self, others_are_alike: bool = False) -> None:
        """Begins without a finished run.

        Args:
            others_are_alike: Whether runs of other configurations may stand in where
                none of the same configuration is finished.
        """
        self._others_are_alike = others_are_alike
        self._finished: Dict[str, List[float]] = {}

    def add(self, name: str, seconds: float) -> None:
        """Notes the time of a finished run.

        Args:
            name: Name of its configuration.
            seconds: How long it took.
        """
        self._finished.setdefault(name, []).append(seconds)

    def left(
        self,
        running: Sequence[RunningRun],
        waiting: Sequence[str],
        at_a_time: int = 1,
    ) -> TimeLeft:
        """Reckons how long all runs will still take.

        Args:
            running: The runs that have begun.
            waiting: Names of the configurations of those that have not.
            at_a_time: How many run at a time.

        Returns:
            The estimate.
        """
        is_whole = True
        left: List[float] = []
        begun: Dict[str, float] = {}
        for run in running:
            known = self._time_of(run.name)
            rest = run.progress.seconds_left if run.progress is not None else None
            left.append(max(0.0, (known or 0.0) - run.seconds, rest or 0.0))
            is_whole = is_whole and known is not None
            begun[run.name] = run.seconds + left[-1]
        for name in waiting:
            known = self._time_of(name)
            left.append(begun.get(name, 0.0) if known is None else known)
            is_whole = is_whole and known is not None
        # the longest run bounds the whole, however many run at a time
        seconds = max([sum(left) / max(1, at_a_time), *left])
        return TimeLeft(seconds, is_whole)

    def _time_of(self, name: str) -> Optional[float]:
        times = self._finished.get(name)
        if times is None and self._others_are_alike and self._finished:
            times = [time for own in self._finished.values() for time in own]
        return None if times is None else statistics.mean(times)


def duration(seconds: float) -> str:
    """Writes a time as minutes and seconds, from an hour on with hours.

    Args:
        seconds: The time.
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
