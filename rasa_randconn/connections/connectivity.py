"""What every connection pattern can tell about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Dict, Mapping, Tuple

import numpy as np


class Connectivity(ABC):
    """The existing connections between `inputs` inputs and `units` outputs.

    A connectivity is sampled once and never changes. It fixes the order in which the
    weights of a layer lie in its packed kernel `[count]`: weight `k` connects input
    `indices()[0][k]` with output `indices()[1][k]`. If all connections exist, that must
    be the order of a dense kernel, `[inputs, units]` row by row.

    Every connectivity keeps two guarantees, at any density: each output has at least
    one input, and each input reaches at least one output (Mosig and Vlasov, "Why Rasa
    uses Sparse Layers in Transformers", 2021).
    """

    #: The value of `connection_pattern` that samples this class.
    pattern: str

    def __init__(self, inputs: int, units: int) -> None:
        """Remembers the two sizes of the layer.

        Args:
            inputs: Number of inputs, at least 1.
            units: Number of outputs, at least 1.

        Raises:
            ValueError: If one of the sizes is not positive.
        """
        if inputs < 1 or units < 1:
            raise ValueError(
                f"A layer needs at least 1 input and 1 unit, not {inputs} and {units}."
            )
        self.inputs = inputs
        self.units = units

    @classmethod
    @abstractmethod
    def sample(
        cls, inputs: int, units: int, density: float, generator: np.random.Generator
    ) -> Connectivity:
        """Chooses the connections of a layer at random.

        Args:
            inputs: Number of inputs, at least 1.
            units: Number of outputs, at least 1.
            density: Fraction of the connections that should exist, in [0, 1].
            generator: Source of randomness.
        """

    @property
    @abstractmethod
    def count(self) -> int:
        """Number of connections, which is the size of the packed kernel."""

    @abstractmethod
    def indices(self) -> Tuple[np.ndarray, np.ndarray]:
        """Input and output of every connection, in the order of the packed kernel.

        Returns:
            Two integer arrays of shape `[count]`.
        """

    @abstractmethod
    def to_arrays(self) -> Dict[str, np.ndarray]:
        """The smallest set of arrays from which the connectivity can be rebuilt."""

    @classmethod
    @abstractmethod
    def from_arrays(
        cls, inputs: int, units: int, count: int, arrays: Mapping[str, np.ndarray]
    ) -> Connectivity:
        """Rebuilds the connectivity that `to_arrays` described.

        Args:
            inputs: Number of inputs.
            units: Number of outputs.
            count: Number of connections.
            arrays: What `to_arrays` returned.

        Raises:
            ValueError: If the arrays do not describe a connectivity of these sizes.
        """

    @property
    def is_dense(self) -> bool:
        """Whether every input is connected with every output."""
        return self.count == self.inputs * self.units

    @property
    def density(self) -> float:
        """Fraction of all possible connections that exist."""
        return self.count / (self.inputs * self.units)

    @property
    def fan_in(self) -> float:
        """Mean number of inputs of an output."""
        return self.count / self.units

    @property
    def fan_out(self) -> float:
        """Mean number of outputs that an input reaches."""
        return self.count / self.inputs

    @property
    def fans(self) -> Tuple[float, float]:
        """Fan-in and fan-out, with which initial weights scale."""
        return self.fan_in, self.fan_out

    def mask(self) -> np.ndarray:
        """Where connections exist.

        Returns:
            Boolean array of shape `[inputs, units]`.
        """
        mask = np.zeros((self.inputs, self.units), dtype=bool)
        mask[self.indices()] = True
        return mask

    def unpack(self, kernel: np.ndarray) -> np.ndarray:
        """Spreads a packed kernel `[count]` over a dense one, zero where none exists.

        Returns:
            Array of shape `[inputs, units]`.
        """
        dense = np.empty((self.inputs, self.units), dtype=kernel.dtype)
        self.unpack_into(kernel, dense)
        return dense

    def unpack_into(self, kernel: np.ndarray, dense: np.ndarray) -> None:
        """Spreads a packed kernel into an existing array `[inputs, units]`."""
        dense.fill(0.0)
        dense[self.indices()] = kernel

    def pack(self, dense: np.ndarray) -> np.ndarray:
        """Picks the existing weights out of a dense kernel `[inputs, units]`.

        Returns:
            Array of shape `[count]`.

        Raises:
            ValueError: If the dense kernel has other sizes.
        """
        if dense.shape != (self.inputs, self.units):
            raise ValueError(
                f"The dense kernel must have the shape {(self.inputs, self.units)}, "
                f"not {dense.shape}."
            )
        return dense[self.indices()]

    def check(self) -> None:
        """Makes sure that both guarantees hold and the connections are in order.

        Raises:
            ValueError: If one of them is broken.
        """
        rows, columns = self.indices()
        if len(rows) and (
            rows.min() < 0
            or columns.min() < 0
            or rows.max() >= self.inputs
            or columns.max() >= self.units
        ):
            raise ValueError("A connection lies outside the layer.")
        # a mask, or a count for every output, could be larger than any memory
        if (
            len(rows) < self.units
            or not np.bincount(columns, minlength=self.units).all()
        ):
            raise ValueError("An output has no input.")
        if (
            len(rows) < self.inputs
            or not np.bincount(rows, minlength=self.inputs).all()
        ):
            raise ValueError("An input reaches no output.")
        positions = rows * self.units + columns
        if not np.diff(np.sort(positions)).all():
            raise ValueError("A connection exists more than once.")
        if self.is_dense and (np.diff(positions) != 1).any():
            raise ValueError("All connections exist, but not in the order of a kernel.")


def index_dtype(size: int) -> np.dtype:
    """The smallest unsigned integer type that holds the indices 0 to `size - 1`."""
    for candidate in (np.uint8, np.uint16):
        if size - 1 <= np.iinfo(candidate).max:
            return np.dtype(candidate)
    return np.dtype(np.uint32)


def check_arrays(arrays: Mapping[str, np.ndarray], **ranks: int) -> None:
    """Makes sure that stored arrays are there and have the expected ranks.

    Args:
        arrays: The stored arrays by name.
        **ranks: Number of dimensions of every array that must be there.

    Raises:
        ValueError: If one is missing or has another rank.
    """
    for name, rank in ranks.items():
        if name not in arrays:
            raise ValueError(f"The array '{name}' is missing.")
        if arrays[name].ndim != rank:
            raise ValueError(f"The array '{name}' must have {rank} dimensions.")
