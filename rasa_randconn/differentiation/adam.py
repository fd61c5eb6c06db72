"""Adam on the parameters of a network."""

from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

import numpy as np

from rasa_randconn.differentiation.parameters import (
    Parameters,
    RowParameter,
)
from rasa_randconn.kernels import in_parallel, updates

_BETA_1 = np.float32(0.9)
_BETA_2 = np.float32(0.999)
_EPSILON = np.float32(1e-7)
_ROWS_PER_PIECE = 512
_STEPS = "steps"


class Adam:
    """Keras' Adam, which reads only the rows of input kernels that a batch needs.

    A row without a gradient goes on moving for a while by its momentum. It takes these
    steps just before a batch needs it, in one pass over memory: the weights that the
    batch sees are those that Keras would have.

    Source: Kingma and Ba, "Adam", 2015; formula and defaults of Keras.
    """

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float,
        scales_learning_rate: bool = False,
    ) -> None:
        """Starts at the first step.

        Args:
            parameters: What is trained.
            learning_rate: The learning rate.
            scales_learning_rate: Whether weights of layers with few connections are
                trained faster. Adam moves every weight by about as much, so that an
                output moves the less the fewer inputs it has. The learning rate is
                divided by the square root of the fraction of connections that exist.
        """
        self.learning_rate = learning_rate
        self.step = 0
        trained = [p for p in parameters if p.is_trainable]
        self._rows = [p for p in trained if isinstance(p, RowParameter)]
        self._momentums = {p.path: np.zeros_like(p.array) for p in trained}
        self._velocities = {p.path: np.zeros_like(p.array) for p in trained}
        self._last_steps = {
            p.path: np.zeros(len(p.array), np.int64) for p in self._rows
        }
        self._rates = np.zeros(1, np.float32)
        self._flat = [
            (
                parameter,
                parameter.array.reshape(-1),
                self._momentums[parameter.path].reshape(-1),
                self._velocities[parameter.path].reshape(-1),
                parameter.fraction**-0.5 if scales_learning_rate else 1.0,
            )
            for parameter in trained
            if not isinstance(parameter, RowParameter)
        ]

    def prepare(self, parameter: RowParameter, rows: np.ndarray) -> None:
        """Brings rows up to the current step, before a batch reads them.

        Args:
            parameter: The kernel.
            rows: The rows of it that are needed.
        """
        self._rate(self.step)  # makes sure that all rates are there
        in_parallel(lambda piece: self._catch_up(parameter, piece), _pieces(rows))

    def settle(self) -> None:
        """Brings all rows up to the current step, so that all weights can be read."""
        for parameter in self._rows:
            self.prepare(parameter, np.arange(len(parameter.array)))

    def update(self) -> None:
        """Takes one step with all gradients, and clears these."""
        self.step += 1
        rate = self._rate(self.step)
        for parameter, weights, momentums, velocities, rate_factor in self._flat:
            gradient = parameter.gradient
            if gradient is None:
                # as Keras does with one of zeros, momentum moves the weights on
                gradient = np.zeros_like(parameter.array)
            updates.update(
                weights,
                np.ascontiguousarray(gradient).reshape(-1),
                momentums,
                velocities,
                np.float32(parameter.l2),
                np.float32(rate * rate_factor),
                *(_BETA_1, _BETA_2, _EPSILON),
            )
            parameter.gradient = None
        for row_parameter in self._rows:
            self._update_rows(row_parameter, rate)

    def state(self) -> Dict[str, np.ndarray]:
        """Everything that a later training needs to go on, by name."""
        self.settle()
        arrays = {_STEPS: np.array([self.step], np.int64)}
        for kind, by_path in self._kinds():
            arrays.update({f"{kind}/{path}": a for path, a in by_path.items()})
        return arrays

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Goes on from a state.

        Raises:
            ValueError: If it is not the state of these parameters.
        """
        expected = self.state()
        if {n: a.shape for n, a in arrays.items()} != {
            n: a.shape for n, a in expected.items()
        }:
            raise ValueError("it is the state of another model")
        self.step = int(arrays[_STEPS][0])
        for kind, by_path in self._kinds():
            for path, array in by_path.items():
                array[...] = arrays[f"{kind}/{path}"]
        for last_steps in self._last_steps.values():
            last_steps[:] = self.step

    def _kinds(self) -> List[Tuple[str, Dict[str, np.ndarray]]]:
        return [("momentums", self._momentums), ("velocities", self._velocities)]

    def _rate(self, step: int) -> np.float32:
        """The learning rate of a step, corrected for the bias of the running means."""
        if step >= len(self._rates):
            steps = np.arange(1, 2 * step + 1000, dtype=np.float64)
            rates = (
                self.learning_rate
                * np.sqrt(1 - float(_BETA_2) ** steps)
                / (1 - float(_BETA_1) ** steps)
            )
            self._rates = np.concatenate([[0.0], rates]).astype(np.float32)
        return np.float32(self._rates[step])

    def _catch_up(self, parameter: RowParameter, rows: np.ndarray) -> None:
        updates.catch_up(
            rows,
            self._last_steps[parameter.path],
            self.step,
            parameter.array,
            self._momentums[parameter.path],
            self._velocities[parameter.path],
            self._rates,
            *(_BETA_1, _BETA_2, _EPSILON),
        )

    def _update_rows(self, parameter: RowParameter, rate: np.float32) -> None:
        rows = np.flatnonzero(parameter.touched)
        if not len(rows):
            return
        gradients = parameter.row_gradients()

        def update_piece(piece: np.ndarray) -> None:
            updates.update_rows(
                piece,
                parameter.array,
                gradients,
                self._momentums[parameter.path],
                self._velocities[parameter.path],
                np.float32(parameter.l2),
                *(rate, _BETA_1, _BETA_2, _EPSILON),
            )

        in_parallel(update_piece, _pieces(rows))
        self._last_steps[parameter.path][rows] = self.step
        parameter.touched[rows] = 0


def _pieces(rows: np.ndarray) -> List[np.ndarray]:
    return [
        rows[start : start + _ROWS_PER_PIECE]
        for start in range(0, len(rows), _ROWS_PER_PIECE)
    ]
