"""Adding rows to the rows of another array."""

from __future__ import annotations

from rasa_randconn.kernels.array_types import Floats2, Integers1
from rasa_randconn.kernels.compilation import compiled


@compiled
def scatter_add(rows: Floats2, indices: Integers1, outputs: Floats2) -> None:
    """Adds each row to the output row at its index.

    Args:
        rows: `[rows, units]`.
        indices: Index of the output row for each row; may repeat `[rows]`.
        outputs: Output: `[output rows, units]`, added to.
    """
    for i in range(len(rows)):
        for unit in range(rows.shape[1]):
            outputs[indices[i], unit] += rows[i, unit]
