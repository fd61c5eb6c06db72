"""The cells of a sweep: one density, size, pattern and seed each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence

from rasa_randconn.comparison.results import Run

STOCK_PATTERN = "stock"
"""Stands for the pattern where no component has the option `connection_pattern`."""


@dataclass(frozen=True)
class Cell:
    """What is varied, with the values of one training."""

    density: float
    size: int
    """The `transformer_size`, in units."""

    pattern: str
    seed: int

    @property
    def name(self) -> str:
        """The cell's name, unique in a sweep and usable in file names."""
        return f"density{self.density}-size{self.size}-{self.pattern}-seed{self.seed}"

    @property
    def title(self) -> str:
        """The cell's name for a reader."""
        return f"{self.setting}, seed {self.seed}"

    @property
    def setting(self) -> str:
        """The name of what is varied besides the seed, for a reader."""
        return setting_title(self.density, self.size, self.pattern)

    @property
    def options(self) -> Dict[str, Any]:
        """The options of components that the cell sets, besides the seed."""
        options = {"connection_density": self.density, "transformer_size": self.size}
        if self.pattern == STOCK_PATTERN:
            return options
        return {**options, "connection_pattern": self.pattern}


def setting_title(density: float, size: int, pattern: str) -> str:
    """Names a setting for a reader.

    Args:
        density: The density, from 0 to 1.
        size: The size of the transformer, in units.
        pattern: The pattern of connections.
    """
    return f"density {density:g}, size {size}, {pattern}"


def grid(
    densities: Sequence[float],
    sizes: Sequence[int],
    patterns: Sequence[str],
    seeds: Sequence[int],
) -> List[Cell]:
    """Lists the cells of a sweep.

    Args:
        densities: The densities, from 0 to 1.
        sizes: The sizes of the transformer, in units.
        patterns: The patterns of connections.
        seeds: The random seeds.

    Returns:
        Every combination once; all those of the first seed come first, so that a sweep
        which is interrupted has seen as many settings as possible.
    """
    combinations = itertools.product(seeds, patterns, densities, sizes)
    return [
        Cell(float(density), size, pattern, seed)
        for seed, pattern, density, size in combinations
    ]


def cell_of(run: Run) -> Cell:
    """Gives the cell that a run belongs to.

    Args:
        run: What was measured in a cell.

    Returns:
        The cell.

    Raises:
        KeyError: If the run is not of a sweep.
        TypeError: If the cell has other attributes.
    """
    values: Dict[str, Any] = run["cell"]
    return Cell(**values)
