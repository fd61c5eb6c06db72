"""A dense layer for sparse rows."""

from __future__ import annotations

from typing import Callable, List, Tuple

import numpy as np

from rasa_randconn.autodiff import (
    Parameters,
    RowGradient,
    RowParameter,
    Tape,
    Value,
)
from rasa_randconn.kernels import in_parallel, sparse_products
from rasa_randconn.kernels.dropout import DropoutRate, dropout_rate, seed_of
from rasa_randconn.nn.features import CSRMatrix, WidthError

# Fewer multiplications are not worth another thread.
_PRODUCTS_PER_PIECE = 2**19
_ROWS_PER_PIECE_BACKWARD = 1024

# Seed, threshold and scale, for kernels.
_UnitDropout = Tuple[np.uint32, np.uint32, np.float32]

_NOTHING_DROPPED: _UnitDropout = (np.uint32(0), *dropout_rate(0.0))


class SparseLayer:
    """A dense layer for sparse rows, with dropout of features and of units.

    Source: Rasa's `SparseDropout`, which does not scale the features that it keeps, and
    `DenseForSparse`.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        feature_dropout: float,
        unit_dropout: float,
        l2: float,
        parameters: Parameters,
        path: str,
    ) -> None:
        """Creates the weights.

        Args:
            inputs: Number of features.
            units: Number of outputs.
            feature_dropout: Rate of the dropout of features.
            unit_dropout: Rate of the dropout of units.
            l2: Factor of the squared kernel in the loss.
            parameters: Output: the weights are added.
            path: Path of the layer within the network.
        """
        self.units = units
        self._feature_dropout = dropout_rate(feature_dropout)
        self._unit_dropout = dropout_rate(unit_dropout)
        self.kernel = parameters.glorot_uniform_rows(
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
        if not tape.is_training:
            return Value(self._product(rows, _NOTHING_DROPPED))
        seed = tape.new_seed()
        rows = _drop_features(rows, seed_of(seed, 0), self._feature_dropout)
        add_kernel_gradient = self._prepare(tape, rows)
        unit_dropout = seed_of(seed, 1), *self._unit_dropout

        def backward(gradient: np.ndarray) -> None:
            gradients = np.ascontiguousarray(gradient)
            add_kernel_gradient(self._product_gradients(gradients, unit_dropout))

        return tape.record(Value(self._product(rows, unit_dropout)), backward)

    def _prepare(self, tape: Tape, rows: CSRMatrix) -> Callable[[np.ndarray], None]:
        """Prepares the kernel for being read.

        Returns:
            Takes the gradients of the product `[rows, units]`, and adds that of the
            kernel.
        """
        kernel = self.kernel
        if isinstance(kernel, RowParameter):
            return _prepare_rows(tape, kernel, rows)

        def add_gradient(product_gradients: np.ndarray) -> None:
            gradient = np.empty_like(kernel.array)
            sparse_products.kernel_gradient(*rows[:3], product_gradients, gradient)
            kernel.add_gradient(gradient)

        return add_gradient

    def _product(self, rows: CSRMatrix, unit_dropout: _UnitDropout) -> np.ndarray:
        """The outputs `[rows, units]`."""
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
                *unit_dropout,
                outputs,
            )

        in_parallel(multiply, _spans(count, self._rows_per_piece(rows)))
        return outputs

    def _product_gradients(
        self, gradients: np.ndarray, unit_dropout: _UnitDropout
    ) -> np.ndarray:
        """Adds the gradient of the bias, and returns the gradients of the product."""
        if unit_dropout[1] == 0:
            self.bias.add_gradient(gradients.sum(axis=0))
            return gradients
        spans = _spans(len(gradients), _ROWS_PER_PIECE_BACKWARD)
        product_gradients = np.empty_like(gradients)
        bias_gradients = np.empty((len(spans), self.units), np.float32)

        def multiply_backward(number: int) -> None:
            sparse_products.multiply_backward(
                gradients,
                spans[number][0],
                spans[number][1],
                *unit_dropout,
                product_gradients,
                bias_gradients[number],
            )

        in_parallel(multiply_backward, range(len(spans)))
        self.bias.add_gradient(bias_gradients.sum(axis=0))
        return product_gradients

    def _rows_per_piece(self, rows: CSRMatrix) -> int:
        products = max(1, len(rows.indices)) * self.units
        return max(1, _PRODUCTS_PER_PIECE * (len(rows.indptr) - 1) // products)


def _drop_features(rows: CSRMatrix, seed: np.uint32, rate: DropoutRate) -> CSRMatrix:
    if rate.threshold == 0:
        return rows
    indptr, indices, data = (np.empty_like(array) for array in rows[:3])
    sparse_products.drop_features(
        *rows[:3], seed, rate.threshold, indptr, indices, data
    )
    return CSRMatrix(indptr, indices[: indptr[-1]], data[: indptr[-1]], rows.units)


def _prepare_rows(
    tape: Tape, kernel: RowParameter, rows: CSRMatrix
) -> Callable[[np.ndarray], None]:
    """Does what `SparseLayer._prepare` does, for a kernel that is updated by rows."""
    features = len(kernel.array)
    count = np.empty(1, np.int64)
    columns = np.empty(features, np.int64)
    indptr = np.empty(features + 1, np.int64)
    indices, data = np.empty_like(rows.indices), np.empty_like(rows.data)
    sparse_products.group_by_column(
        *rows[:3], features, count, columns, indptr, indices, data
    )
    columns, indptr = columns[: count[0]], indptr[: count[0] + 1]
    tape.prepare_rows(kernel, columns)

    def add_gradient(product_gradients: np.ndarray) -> None:
        kernel.add_row_gradient(
            RowGradient(columns, indptr, indices, data, product_gradients)
        )

    return add_gradient


def _spans(count: int, size: int) -> List[Tuple[int, int]]:
    return [(start, min(start + size, count)) for start in range(0, count, size)]
