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

    @property
    def count(self) -> int:
        """How many times weights were added."""
        return self._count

    def apply(self) -> Dict[str, np.ndarray]:
        """Replaces the weights by their mean, if there is one.

        Returns:
            The weights that were replaced, by path.
        """
        replaced = {}
        for path, total in self._sums.items():
            array = self._parameters[path].array
            replaced[path] = array.copy()
            array[...] = total / self._count
        return replaced
