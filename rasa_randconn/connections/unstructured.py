"""The article's pattern: a cover for both guarantees, the rest uniformly random."""

from __future__ import annotations

from typing import Dict, Mapping, Tuple

import numpy as np

from rasa_randconn.connections.connectivity import (
    Connectivity,
    check_arrays,
    index_dtype,
)


class UnstructuredConnectivity(Connectivity):
    """Any set of connections; the packed kernel holds them row by row.

    The order is that of a compressed sparse row matrix: by input, then by output.
    """

    pattern = "unstructured"

    def __init__(self, inputs: int, units: int, positions: np.ndarray) -> None:
        """Wraps the connections.

        Args:
            inputs: Number of inputs.
            units: Number of outputs.
            positions: Rising positions in the flattened dense kernel, `[count]`.
        """
        super().__init__(inputs, units)
        self.positions = positions

    @property
    def count(self) -> int:
        """Number of connections."""
        return len(self.positions)

    def indices(self) -> Tuple[np.ndarray, np.ndarray]:
        """Input and output of every connection (see base class)."""
        rows, columns = np.divmod(self.positions, self.units)
        return rows, columns

    def to_arrays(self) -> Dict[str, np.ndarray]:
        """Number of outputs of every input, and those outputs (sparse rows)."""
        rows, columns = self.indices()
        return {
            "fan_outs": np.bincount(rows, minlength=self.inputs).astype(
                index_dtype(self.units + 1)
            ),
            "unit_indices": columns.astype(index_dtype(self.units)),
        }

    @classmethod
    def from_arrays(
        cls, inputs: int, units: int, count: int, arrays: Mapping[str, np.ndarray]
    ) -> UnstructuredConnectivity:
        """Rebuilds the connections (see base class)."""
        check_arrays(arrays, fan_outs=1, unit_indices=1)
        fan_outs = arrays["fan_outs"].astype(np.int64)
        columns = arrays["unit_indices"].astype(np.int64)
        if len(fan_outs) != inputs or int(fan_outs.sum()) != len(columns):
            raise ValueError("The stored rows do not fit the number of inputs.")
        if len(columns) != count:
            raise ValueError("There are not as many connections.")
        if (fan_outs < 0).any() or (columns < 0).any() or (columns >= units).any():
            raise ValueError("A connection lies outside the layer.")
        rows = np.repeat(np.arange(inputs, dtype=np.int64), fan_outs)
        positions = rows * units + columns
        if (np.diff(positions) <= 0).any():
            raise ValueError("The connections are not in the order of the kernel.")
        connectivity = cls(inputs, units, positions)
        connectivity.check()
        return connectivity

    @classmethod
    def sample(
        cls, inputs: int, units: int, density: float, generator: np.random.Generator
    ) -> UnstructuredConnectivity:
        """Chooses connections at random (see base class).

        There are exactly `max(round(density * inputs * units), inputs, units)`. The
        cover is the diagonal, continued cyclically along the longer side; the rest is
        chosen uniformly, without replacement, from all other positions.
        """
        longer = max(inputs, units)
        diagonal = np.arange(longer)
        cover = (diagonal % inputs) * units + diagonal % units
        count = max(round(density * inputs * units), longer)

        is_free = np.ones(inputs * units, dtype=bool)
        is_free[cover] = False
        free = np.flatnonzero(is_free)
        rest = generator.choice(free, size=count - longer, replace=False, shuffle=False)
        return cls(inputs, units, np.sort(np.concatenate([cover, rest])))
