"""Grouped fan-in: outputs in groups, each group with its own random inputs."""

from __future__ import annotations

from typing import Dict, List, Mapping, Sequence, Tuple

import numpy as np

from rasa_randconn.connections.block import Block
from rasa_randconn.connections.connectivity import (
    Connectivity,
    check_arrays,
    index_dtype,
)

#: The fraction of all pairs of inputs that some group should read together.
SEEN_PAIRS = 0.3

#: Minimum number of groups of a sparse layer (its number of units, if smaller).
FEWEST_GROUPS = 16


class GroupedConnectivity(Connectivity):
    """Outputs of one group share their inputs; those of a block have the same fan-in.

    The weights of a block lie in the packed kernel as `[groups, fan_in,
    units_per_group]`, one block after the other: a small dense matrix for every group.
    One block is the rule; sizes that do not divide need two.
    """

    pattern = "grouped"

    def __init__(self, inputs: int, units: int, blocks: Sequence[Block]) -> None:
        """Wraps the blocks; their outputs follow one another.

        Raises:
            ValueError: If the blocks do not make up exactly `units` outputs.
        """
        super().__init__(inputs, units)
        self._blocks: Tuple[Block, ...] = tuple(blocks)
        if sum(block.units for block in self._blocks) != units:
            raise ValueError(
                f"The groups have {sum(block.units for block in self._blocks)} units, "
                f"the layer has {units}."
            )

    @property
    def count(self) -> int:
        """Number of connections."""
        return sum(block.count for block in self._blocks)

    @property
    def blocks(self) -> Tuple[Block, ...]:
        """Blocks of groups, those of the first outputs first."""
        return self._blocks

    @property
    def groups(self) -> int:
        """Number of groups over all blocks."""
        return sum(block.groups for block in self.blocks)

    def indices(self) -> Tuple[np.ndarray, np.ndarray]:
        """Input and output of every connection (see base class)."""
        rows: List[np.ndarray] = []
        columns: List[np.ndarray] = []
        first_unit = 0
        for block in self.blocks:
            shape = (block.groups, block.fan_in, block.units_per_group)
            units = first_unit + np.arange(block.units).reshape(
                block.groups, 1, block.units_per_group
            )
            rows.append(
                np.broadcast_to(
                    block.input_indices[:, :, np.newaxis].astype(np.int64), shape
                ).ravel()
            )
            columns.append(np.broadcast_to(units, shape).ravel())
            first_unit += block.units
        return np.concatenate(rows), np.concatenate(columns)

    def to_arrays(self) -> Dict[str, np.ndarray]:
        """The input indices of all groups and the shape of every block."""
        return {
            "input_indices": np.concatenate(
                [block.input_indices.ravel() for block in self.blocks]
            ).astype(index_dtype(self.inputs)),
            "block_shapes": np.array(
                [(b.groups, b.fan_in, b.units_per_group) for b in self.blocks],
                dtype=np.uint32,
            ),
        }

    @classmethod
    def from_arrays(
        cls, inputs: int, units: int, count: int, arrays: Mapping[str, np.ndarray]
    ) -> GroupedConnectivity:
        """Rebuilds the groups (see base class)."""
        check_arrays(arrays, input_indices=1, block_shapes=2)
        flat = arrays["input_indices"].astype(np.int32)
        if arrays["block_shapes"].shape[1] != 3:
            raise ValueError("The shape of a block must have three numbers.")
        shapes = arrays["block_shapes"].astype(np.int64).tolist()
        # beyond this check, blocks may be as large as they say
        if any(min(shape) < 1 for shape in shapes) or count != sum(
            groups * fan_in * units_per_group
            for groups, fan_in, units_per_group in shapes
        ):
            raise ValueError("The groups do not have as many connections.")
        blocks = []
        start = 0
        for groups, fan_in, units_per_group in shapes:
            stop = start + groups * fan_in
            if stop > len(flat):
                raise ValueError("The groups name more inputs than are stored.")
            blocks.append(
                Block(flat[start:stop].reshape(groups, fan_in), units_per_group)
            )
            start = stop
        if start != len(flat):
            raise ValueError("More inputs are stored than the groups name.")
        connectivity = cls(inputs, units, blocks)
        connectivity.check()
        return connectivity

    @classmethod
    def sample(
        cls, inputs: int, units: int, density: float, generator: np.random.Generator
    ) -> GroupedConnectivity:
        """Chooses connections at random (see base class).

        Every output gets `max(1, round(density * inputs))` inputs. Where that leaves
        inputs unused (fewer weights than inputs), the inputs are dealt out evenly
        instead. The layer therefore has exactly
        `max(units * max(1, round(density * inputs)), inputs)` connections; at density 0
        that is `max(inputs, units)`.

        Inputs are dealt like cards: a random permutation of all inputs is used up
        before the next one starts, so every input is read by the same number of groups,
        give or take one.
        """
        fan_in = max(1, round(density * inputs))
        if fan_in * units < inputs:
            return _deal_each_input_once(inputs, units, generator)

        groups = number_of_groups(inputs, units, fan_in)
        dealt = _deal(inputs, groups, fan_in, generator)
        size, larger_groups = divmod(units, groups)
        blocks = []
        if larger_groups:
            blocks.append(Block(dealt[:larger_groups], size + 1))
        if groups > larger_groups:
            blocks.append(Block(dealt[larger_groups:], size))
        return cls(inputs, units, blocks)


def number_of_groups(inputs: int, units: int, fan_in: int) -> int:
    """How many groups the outputs are cut into.

    Few groups make large, efficient matrix products, but outputs of one group see the
    same inputs; half as many as `FEWEST_GROUPS` cost F1 at the default density. There
    are at least as many groups as it takes to read every input, and at least so many
    that about `SEEN_PAIRS` of all pairs of inputs are seen by some group; without
    that the layer loses F1 below a density of 0.1, because the number of pairs that a
    group sees falls with the square of the density. The smallest
    divisor of `units` from that number up to twice that number is used if there is one:
    then all groups have the same size.

    Args:
        inputs: Number of inputs.
        units: Number of outputs; at least `inputs / fan_in`.
        fan_in: Number of inputs of every group.

    Returns:
        Number of groups, between 1 and `units`; 1 if a group reads all inputs.
    """
    if fan_in == inputs:
        return 1
    to_read_every_input = -(-inputs // fan_in)
    to_see_pairs = round(SEEN_PAIRS * (inputs / fan_in) ** 2)
    fewest = min(max(FEWEST_GROUPS, to_read_every_input, to_see_pairs), units)
    for groups in range(fewest, min(2 * fewest, units) + 1):
        if units % groups == 0:
            return groups
    return fewest


def _deal(
    inputs: int, groups: int, fan_in: int, generator: np.random.Generator
) -> np.ndarray:
    """Deals `fan_in` different inputs to every group, `[groups, fan_in]`."""
    dealt = np.empty((groups, fan_in), dtype=np.int32)
    deck = np.empty(0, dtype=np.int64)
    for group in range(groups):
        hand, deck = deck[:fan_in], deck[fan_in:]
        missing = fan_in - len(hand)
        if missing:
            fresh = generator.permutation(inputs)
            is_new = ~np.isin(fresh, hand)
            taken = fresh[is_new][:missing]
            deck = fresh[~np.isin(fresh, taken)]
            hand = np.concatenate([hand, taken])
        dealt[group] = np.sort(hand)
    return dealt


def _deal_each_input_once(
    inputs: int, units: int, generator: np.random.Generator
) -> GroupedConnectivity:
    """Every output is a group of its own and every input is read exactly once."""
    shuffled = generator.permutation(inputs).astype(np.int32)
    fan_in, larger_groups = divmod(inputs, units)
    cut = larger_groups * (fan_in + 1)
    blocks = []
    if larger_groups:
        blocks.append(
            Block(np.sort(shuffled[:cut].reshape(larger_groups, fan_in + 1)), 1)
        )
    blocks.append(
        Block(np.sort(shuffled[cut:].reshape(units - larger_groups, fan_in)), 1)
    )
    return GroupedConnectivity(inputs, units, blocks)
