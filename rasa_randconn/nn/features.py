"""Features as networks take them: real rows only, no padding."""

from __future__ import annotations

from typing import NamedTuple, Union

import numpy as np


class CSRMatrix(NamedTuple):
    """Sparse rows in CSR format, with the names that SciPy uses.

    Attributes:
        indptr: Where each row begins in the next two, and the end `[rows + 1]`.
        indices: Columns of the non-zero features `[non-zeros]`.
        data: The non-zero features `[non-zeros]`.
        units: Number of features.
    """

    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray
    units: int


class WidthError(ValueError):
    """Features have more columns than the weights of a layer, or not as many."""


class Feature(NamedTuple):
    """A feature of all examples of a batch, or of all turns of their dialogues.

    Attributes:
        rows: All rows, one example after the other; dense ones are `[rows, units]`.
        lengths: Number of rows of every example, or of every turn that has any.
    """

    rows: Union[CSRMatrix, np.ndarray]
    lengths: np.ndarray


def starts_of(lengths: np.ndarray) -> np.ndarray:
    """Where segments of these lengths start, and where the last one ends."""
    starts = np.zeros(len(lengths) + 1, np.int64)
    lengths.cumsum(out=starts[1:])
    return starts


def compressed(
    row: np.ndarray, column: np.ndarray, value: np.ndarray, rows: int, units: int
) -> CSRMatrix:
    """Makes a CSR matrix of single numbers in any order.

    Columns rise within a row, so that sums do not depend on the order of the numbers.

    Args:
        row: Row of every number.
        column: Feature of every number.
        value: The numbers.
        rows: Number of rows.
        units: Number of features.
    """
    order = np.lexsort((column, row))
    return CSRMatrix(
        starts_of(np.bincount(row, minlength=rows)),
        column[order].astype(np.int32),
        value[order].astype(np.float32),
        units,
    )


def no_rows(is_sparse: bool, units: int) -> Union[CSRMatrix, np.ndarray]:
    """A feature without rows."""
    if not is_sparse:
        return np.zeros((0, units), np.float32)
    nothing = np.zeros(0, np.int64)
    return compressed(nothing, nothing, nothing, 0, units)


def last_rows(lengths: np.ndarray) -> np.ndarray:
    """Index of the last row of every example, which is that of its sentence."""
    return starts_of(lengths)[1:] - 1


def are_tokens(lengths: np.ndarray) -> np.ndarray:
    """Which rows are not the last one of their example."""
    result = np.ones(int(lengths.sum()), bool)
    result[last_rows(lengths)] = False
    return result


def padded(rows: np.ndarray, lengths: np.ndarray, longest: int) -> np.ndarray:
    """Rows as Rasa's models return them, `[examples, longest, ...]`, 0 at padding."""
    if len(lengths) == 1 and len(rows) == longest:
        return rows[np.newaxis]
    result = np.zeros((len(lengths), longest, *rows.shape[1:]), rows.dtype)
    result[np.arange(longest) < np.asarray(lengths)[:, np.newaxis]] = rows
    return result
