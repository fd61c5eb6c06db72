"""The mean of the weights that a training passes through at its end."""

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
        """Takes in the weights of this moment."""
        self._count += 1
        for parameter in self._parameters:
            if not parameter.is_trainable:
                continue
            if parameter.path in self._sums:
                self._sums[parameter.path] += parameter.array
            else:
                self._sums[parameter.path] = parameter.array.copy()

    def apply(self) -> None:
        """Puts the mean in the place of the weights, if there is one."""
        for path, total in self._sums.items():
            self._parameters[path].array[...] = total / self._count
