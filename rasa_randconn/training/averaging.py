"""The mean of the weights at the ends of the last epochs."""

from __future__ import annotations

from typing import Dict

import numpy as np

from rasa_randconn.autodiff.parameters import Parameters


class WeightAverage:
    """Averages weights over several epochs.

    Source: Izmailov et al., "Averaging Weights Leads to Wider Optima and Better
    Generalization", 2018.
    """

    def __init__(self, parameters: Parameters) -> None:
        """Starts without weights."""
        self._parameters = parameters
        self._count = 0
        self._sums: Dict[str, np.ndarray] = {}

    def add(self) -> None:
        """Adds the current weights."""
        self._count += 1
        for parameter in self._parameters:
            if not parameter.is_trainable:
                continue
            if parameter.path in self._sums:
                self._sums[parameter.path] += parameter.array
            else:
                self._sums[parameter.path] = parameter.array.copy()

    def apply(self) -> None:
        """Replaces the weights by their mean, if there is one."""
        for path, total in self._sums.items():
            self._parameters[path].array[...] = total / self._count
