"""The gradient of a kernel of which only some rows have any."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np


class RowGradient(NamedTuple):
    """The gradient of a product `features @ kernel`, as its factors.

    It is `features.T @ vectors`. The first factor is sparse, so the gradient of each
    row of the kernel is a weighted sum of a few vectors.

    Attributes:
        rows: The rows of the kernel that have a gradient, in ascending order `[rows]`.
        indptr: Where the terms of each of them begin in the next two, and the end
            `[rows + 1]`.
        indices: Index of the vector of each term `[terms]`.
        data: Weight of the vector of each term `[terms]`.
        vectors: Gradients with respect to the product `[vectors, units]`.
    """

    rows: np.ndarray
    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray
    vectors: np.ndarray

    @property
    def row_of_terms(self) -> np.ndarray:
        """The row of the kernel that each term belongs to `[terms]`."""
        return np.repeat(self.rows, np.diff(self.indptr))

    def to_array(self, all_rows: int) -> np.ndarray:
        """The gradient as an array.

        Args:
            all_rows: Number of rows of the kernel.

        Returns:
            `[all rows, units]`.
        """
        result = np.zeros((all_rows, self.vectors.shape[1]), np.float32)
        terms = self.data[:, np.newaxis] * self.vectors[self.indices]
        np.add.at(result, self.row_of_terms, terms)
        return result


def row_gradient_of(rows: np.ndarray, vectors: np.ndarray) -> RowGradient:
    """A gradient that is known.

    Args:
        rows: The rows of the kernel that have a gradient, in ascending order `[rows]`.
        vectors: The gradient of each of them `[rows, units]`.
    """
    count = len(rows)
    return RowGradient(
        rows,
        np.arange(count + 1),
        np.arange(count, dtype=np.int32),
        np.ones(count, np.float32),
        vectors,
    )


def sum_of(gradients: Sequence[RowGradient]) -> RowGradient:
    """Adds up gradients of one kernel, one or more."""
    if len(gradients) == 1:
        return gradients[0]
    shifts = np.cumsum([0, *(len(gradient.vectors) for gradient in gradients)])
    row_of_terms = np.concatenate([gradient.row_of_terms for gradient in gradients])
    indices = np.concatenate([g.indices + s for g, s in zip(gradients, shifts)])
    order = np.argsort(row_of_terms, kind="stable")
    rows, starts = np.unique(row_of_terms[order], return_index=True)
    return RowGradient(
        rows,
        np.append(starts, len(order)),
        indices[order].astype(np.int32),
        np.concatenate([gradient.data for gradient in gradients])[order],
        np.concatenate([gradient.vectors for gradient in gradients]),
    )
