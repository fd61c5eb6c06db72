"""A block: groups of equal size, which one batched matrix product computes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Block:
    """Groups of outputs with the same fan-in and the same number of units.

    The weights of a block are `[groups, fan_in, units_per_group]`: a small dense matrix
    for every group.

    Attributes:
        input_indices: The inputs that each group reads, `[groups, fan_in]`.
        units_per_group: Number of outputs of each group.
    """

    input_indices: np.ndarray
    units_per_group: int

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.input_indices.shape[0])

    @property
    def fan_in(self) -> int:
        """Number of inputs of every output in the block."""
        return int(self.input_indices.shape[1])

    @property
    def units(self) -> int:
        """Number of outputs of the whole block."""
        return self.groups * self.units_per_group

    @property
    def count(self) -> int:
        """Number of weights."""
        return self.groups * self.fan_in * self.units_per_group
