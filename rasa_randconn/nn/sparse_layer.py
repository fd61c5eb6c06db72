"""A dense layer for sparse rows."""

from __future__ import annotations

from typing import List, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameters, RowParameter, Tape, Value
from rasa_randconn.kernels import dropout, in_parallel, sparse_products
from rasa_randconn.nn.features import CSRMatrix, WidthError

_FEWEST_ROWS_PER_PIECE = 128
_UNITS_PER_PIECE = 64

# Fewer multiplications are not worth another thread.
_PRODUCTS_PER_PIECE = 2**17


class SparseLayer:
    """A dense layer for sparse rows, with dropout of features and of units.

    Source: Rasa's `SparseDropout`, which does not scale the features that it keeps, and
    `DenseForSparse`.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        dropout_rate: float,
        unit_dropout_rate: float,
        l2: float,
        parameters: Parameters,
        path: str,
    ) -> None:
        """Creates the weights.

        Args:
            inputs: Number of features.
            units: Number of outputs.
            dropout_rate: Dropout of features.
            unit_dropout_rate: Dropout of units.
            l2: Factor of the squared kernel in the loss.
            parameters: Output: the weights are added.
            path: Path of the layer within the network.
        """
        self.units = units
        self._rates = (dropout_rate, unit_dropout_rate)
        self.kernel: RowParameter = parameters.glorot_uniform_rows(
            f"{path}/kernel", (inputs, units), l2
        )
        self.bias = parameters.constant(f"{path}/bias", (units,), 0.0)

    def __call__(self, tape: Tape, rows: CSRMatrix) -> Value:
        """Multiplies sparse rows.

        There may be fewer features than in training: some featurizers return none for
        an empty message.

        Raises:
            WidthError: If there are more.
        """
        if rows.units > len(self.kernel.array):
            raise WidthError(
                f"'{self.kernel.path}' is for {len(self.kernel.array)} features, not "
                f"{rows.units}."
            )
        if tape.is_training:
            sparse_products.mark(rows.indices, self.kernel.touched)
            tape.prepare_rows(self.kernel, np.flatnonzero(self.kernel.touched))
        rate, unit_rate = self._rates if tape.is_training else (0.0, 0.0)
        seed = tape.new_seed() if tape.is_training else 0
        unit_dropout = dropout.dropout_rate(unit_rate)
        feature_seed, unit_seed = dropout.seed_of(seed, 0), dropout.seed_of(seed, 1)
        threshold = dropout.dropout_rate(rate).threshold
        count = len(rows.indptr) - 1
        outputs = np.empty((count, self.units), np.float32)

        def multiply(span: Tuple[int, int]) -> None:
            sparse_products.multiply(
                rows.indptr,
                rows.indices,
                rows.data,
                span[0],
                span[1],
                self.kernel.array,
                self.bias.array,
                feature_seed,
                threshold,
                unit_seed,
                unit_dropout.threshold,
                unit_dropout.scale,
                outputs,
            )

        in_parallel(multiply, _spans(count, self._rows_per_piece(rows)))

        def backward(gradient: np.ndarray) -> None:
            gradients = np.ascontiguousarray(gradient)
            kernel_gradients = self.kernel.row_gradients()
            bias_gradient = np.zeros_like(self.bias.array)

            def multiply_backward(span: Tuple[int, int]) -> None:
                sparse_products.multiply_backward(
                    rows.indptr,
                    rows.indices,
                    rows.data,
                    gradients,
                    span[0],
                    span[1],
                    feature_seed,
                    threshold,
                    unit_seed,
                    unit_dropout.threshold,
                    unit_dropout.scale,
                    kernel_gradients,
                    bias_gradient,
                )

            in_parallel(multiply_backward, _spans(self.units, _UNITS_PER_PIECE))
            self.bias.add_gradient(bias_gradient)

        return tape.record(Value(outputs), backward)

    def _rows_per_piece(self, rows: CSRMatrix) -> int:
        products = max(1, len(rows.indices)) * self.units
        needed = _PRODUCTS_PER_PIECE * (len(rows.indptr) - 1) // products
        return max(_FEWEST_ROWS_PER_PIECE, needed)


def _spans(count: int, size: int) -> List[Tuple[int, int]]:
    return [(start, min(start + size, count)) for start in range(0, count, size)]
