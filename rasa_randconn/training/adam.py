"""Adam on the parameters of a network."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import Callable, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from rasa_randconn.autodiff.parameters import (
    Parameter,
    Parameters,
    RowParameter,
)
from rasa_randconn.kernels import adam, in_parallel

_BETA_1 = np.float32(0.9)
_BETA_2 = np.float32(0.999)
_EPSILON = np.float32(1e-7)
_ROWS_PER_PIECE = 1024
_WEIGHTS_PER_PIECE = 2**17

# Copying smaller gradients takes less time than asking for their address.
_FEWEST_WEIGHTS_IN_PLACE = 2**13
_STEPS = "steps"

# A part of a step, independent of all others.
_Piece = Callable[[], None]


class Adam:
    """Keras' Adam, lazy for the rows of input kernels that a batch does not read.

    A row without a gradient keeps moving for a while, by its momentum. It makes up for
    these steps just before a batch reads it, in one pass over memory, so that the batch
    sees the weights that Keras would have.

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
            scales_learning_rate: Whether sparser layers get a higher learning rate,
                divided by the square root of their density. Adam moves every weight by
                about the same amount, so an output with fewer inputs moves less.
        """
        self.learning_rate = learning_rate
        self.step = 0
        self._trained = [p for p in parameters if p.is_trainable]
        self._rows = [p for p in self._trained if isinstance(p, RowParameter)]
        self._last_steps = {
            p.path: np.zeros(len(p.array), np.int64) for p in self._rows
        }
        whole = [p for p in self._trained if not isinstance(p, RowParameter)]
        self._whole = _WholeArrays(whole, scales_learning_rate)
        self._momentums = self._whole.by_path(self._whole.momentums)
        self._velocities = self._whole.by_path(self._whole.velocities)
        for kernel in self._rows:
            self._momentums[kernel.path] = np.zeros_like(kernel.array)
            self._velocities[kernel.path] = np.zeros_like(kernel.array)
        self._rates = np.zeros(1, np.float32)

    def prepare(self, parameter: RowParameter, rows: np.ndarray) -> None:
        """Updates rows to the current step, before a batch reads them.

        Args:
            parameter: The kernel.
            rows: The rows that the batch needs.
        """
        self._rate(self.step)  # computes the rates of all steps so far

        def catch_up(span: Tuple[int, int]) -> None:
            adam.catch_up(
                rows[slice(*span)],
                self._last_steps[parameter.path],
                self.step,
                parameter.array,
                self._momentums[parameter.path],
                self._velocities[parameter.path],
                self._rates,
                *(_BETA_1, _BETA_2, _EPSILON),
            )

        in_parallel(catch_up, _spans(len(rows), _ROWS_PER_PIECE))

    def flush(self) -> None:
        """Updates all rows to the current step, so that all weights can be read."""
        for parameter in self._rows:
            self.prepare(parameter, np.arange(len(parameter.array)))

    def update(self) -> None:
        """Takes one step with all gradients, and clears them."""
        self.step += 1
        rate = self._rate(self.step)
        pieces = [
            *chain.from_iterable(self._row_pieces(p, rate) for p in self._rows),
            *self._whole.pieces(rate),
        ]
        in_parallel(lambda piece: piece(), pieces)
        for parameter in self._trained:
            parameter.clear_gradient()

    def state(self) -> Dict[str, np.ndarray]:
        """Everything that a later training needs to continue, by name."""
        self.flush()
        arrays = {_STEPS: np.array([self.step], np.int64)}
        for slot, by_path in self._slots():
            arrays.update({f"{slot}/{path}": a for path, a in by_path.items()})
        return arrays

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Continues from a state.

        Raises:
            ValueError: If it is not the state of these parameters.
        """
        expected = self.state()
        if {n: a.shape for n, a in arrays.items()} != {
            n: a.shape for n, a in expected.items()
        }:
            raise ValueError("it is the state of another model")
        self.step = int(arrays[_STEPS][0])
        for slot, by_path in self._slots():
            for path, array in by_path.items():
                array[...] = arrays[f"{slot}/{path}"]
        for last_steps in self._last_steps.values():
            last_steps[:] = self.step

    def _slots(self) -> List[Tuple[str, Dict[str, np.ndarray]]]:
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

    def _row_pieces(self, parameter: RowParameter, rate: np.float32) -> List[_Piece]:
        """The pieces of a step of a kernel that is updated by rows."""
        gradient = parameter.row_gradient
        if gradient is None:
            return []
        rows, indptr, indices, data, vectors = gradient
        return [
            partial(
                adam.update_rows,
                rows[first:last],
                indptr[first : last + 1],
                indices,
                data,
                vectors,
                self._last_steps[parameter.path],
                self.step,
                parameter.array,
                self._momentums[parameter.path],
                self._velocities[parameter.path],
                np.float32(parameter.l2),
                *(rate, _BETA_1, _BETA_2, _EPSILON),
            )
            for first, last in _spans(len(rows), _ROWS_PER_PIECE)
        ]


class _WholeArrays:
    """Parameters that a step updates as a whole, and their optimiser state.

    The state lies in one array, and one kernel updates all parameters: there are many,
    and most of them are small.

    Attributes:
        momentums: Running means of the gradients, one parameter after the other.
        velocities: Those of their squares.
    """

    def __init__(self, parameters: Sequence[Parameter], scales_rate: bool) -> None:
        self._parameters = parameters
        sizes = [p.array.size for p in parameters]
        self._starts = np.cumsum([0, *sizes])
        # Kept, so that no array is freed while its address is in use.
        self._arrays = [
            np.require(p.array, np.float32, ("C_CONTIGUOUS", "WRITEABLE"))
            for p in parameters
        ]
        self._addresses = np.array([a.ctypes.data for a in self._arrays], np.int64)
        self._l2 = np.array([p.l2 for p in parameters], np.float32)
        self._rate_factors = np.array(
            [p.density**-0.5 if scales_rate else 1.0 for p in parameters], np.float64
        )
        self.momentums, self.velocities, self._gradients = np.zeros(
            (3, sum(sizes)), np.float32
        )
        self._gradient_views = list(self.by_path(self._gradients).values())
        self._view_addresses = np.array(
            [view.ctypes.data for view in self._gradient_views], np.int64
        )

    def by_path(self, flat: np.ndarray) -> Dict[str, np.ndarray]:
        """Views of a flat array in the shapes of the parameters."""
        starts = self._starts
        return {
            parameter.path: flat[start:end].reshape(parameter.array.shape)
            for parameter, start, end in zip(self._parameters, starts[:-1], starts[1:])
        }

    def pieces(self, rate: np.float32) -> List[_Piece]:
        """The pieces of a step, which read the gradients as they are now.

        Raises:
            ValueError: If a parameter has another array than in the beginning, or a
                gradient of another shape.
        """
        gradient_addresses = self._view_addresses.copy()
        for number, parameter in enumerate(self._parameters):
            gradient, view = parameter.gradient, self._gradient_views[number]
            if parameter.array is not self._arrays[number]:
                raise ValueError(f"The array of '{parameter.path}' was replaced.")
            if gradient is None:
                # As in Keras, momentum keeps moving the weights.
                view.fill(0.0)
            elif gradient.shape != view.shape:
                raise ValueError(
                    f"The gradient of '{parameter.path}' has the shape "
                    f"{list(gradient.shape)}, not {list(view.shape)}."
                )
            elif _is_read_in_place(gradient):
                gradient_addresses[number] = gradient.ctypes.data
            else:
                view[...] = gradient
        return [
            partial(
                adam.update_all,
                first,
                last,
                self._addresses,
                gradient_addresses,
                self._starts,
                self.momentums,
                self.velocities,
                self._l2,
                rate,
                self._rate_factors,
                *(_BETA_1, _BETA_2, _EPSILON),
            )
            for first, last in _spans(len(self._gradients), _WEIGHTS_PER_PIECE)
        ]


def _is_read_in_place(gradient: np.ndarray) -> bool:
    return (
        gradient.size >= _FEWEST_WEIGHTS_IN_PLACE
        and gradient.dtype == np.float32
        and gradient.flags.c_contiguous
    )


def _spans(count: int, size: int) -> List[Tuple[int, int]]:
    return [(start, min(start + size, count)) for start in range(0, count, size)]
