"""Rows of sparse features in CSR format (see `sparse_products`)."""

from __future__ import annotations

from rasa_randconn.kernels.array_types import Floats1, Integers1, ShortIntegers1
from rasa_randconn.kernels.compilation import compiled


@compiled
def take_rows(
    indptr: Integers1,
    indices: ShortIntegers1,
    data: Floats1,
    rows: Integers1,
    taken_indptr: Integers1,
    taken_indices: ShortIntegers1,
    taken_data: Floats1,
) -> None:
    """Gathers some rows.

    Args:
        indptr: Where each row begins in the next two, and the end `[all rows + 1]`.
        indices: Columns of the non-zero features.
        data: The non-zero features.
        rows: Indices of the rows to gather; may repeat `[rows]`.
        taken_indptr: Where each gathered row begins, and the end `[rows + 1]`.
        taken_indices: Output: columns of the gathered rows.
        taken_data: Output: their non-zero features.
    """
    for i in range(len(rows)):
        first = indptr[rows[i]]
        start = taken_indptr[i]
        for k in range(taken_indptr[i + 1] - start):
            taken_indices[start + k] = indices[first + k]
            taken_data[start + k] = data[first + k]
