"""What is to be swept, and whether that can be done."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

from rasa_randconn.comparison import configuration, early_faults
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.plan import Plan
from rasa_randconn.options import CONNECTION_DENSITY, CONNECTION_PATTERN


@dataclass(frozen=True)
class SweepPlan:
    """What is to be swept, and where."""

    base: Plan
    """The configuration, the data, the seeds and the folder for the results."""

    densities: Sequence[float]
    sizes: Sequence[int]
    patterns: Sequence[str]
    workers: Optional[int] = None
    """Number of workers on this machine; `None` for one, or with a cluster."""

    scheduler: Optional[str] = None
    """Address of the scheduler of a Dask cluster; `None` for this machine."""

    threads: Optional[int] = None
    """Threads of one cell; `None` for all cores, shared out among local workers."""

    @property
    def first(self) -> Plan:
        """The base with the options of the first cell.

        Whatever the configuration says of these options does not count in a sweep.
        """
        options = {
            CONNECTION_DENSITY.name: self.densities[0],
            CONNECTION_PATTERN.name: self.patterns[0],
            early_faults.TRANSFORMER_SIZE: self.sizes[0],
        }
        return dataclasses.replace(self.base, options=options)

    def check(self) -> None:
        """Checks the plan as far as that is possible without Rasa.

        Raises:
            ComparisonError: If something is missing or contradictory.
        """
        self.first.check()
        for option, values in (
            ("--densities", self.densities),
            ("--sizes", self.sizes),
            ("--patterns", self.patterns),
        ):
            if len(set(values)) != len(values):
                raise ComparisonError(
                    f"Every value of {option} may be given only once."
                )
        if not all(0 <= density <= 1 for density in self.densities):
            raise ComparisonError("Densities must be from 0 to 1.")
        if min(self.sizes) < 1:
            raise ComparisonError("Sizes must be at least 1.")
        self._check_sizes()
        for option, number in (
            ("--workers", self.workers),
            ("--threads", self.threads),
        ):
            if number is not None and number < 1:
                raise ComparisonError(f"{option} must be at least 1.")
        if self.workers is not None and self.scheduler is not None:
            raise ComparisonError(
                "A cluster has the workers that were started for it: give --workers or "
                "--scheduler, not both."
            )

    def _check_sizes(self) -> None:
        """Checks the sizes for the components whose attention heads are known."""
        config = configuration.read_config(self.base.configs[0])
        for entry in configuration.entries(config, self.base.sections):
            check_sizes(self.sizes, entry)


def check_sizes(
    sizes: Sequence[int], entry: Mapping[str, Any], heads: Optional[int] = None
) -> None:
    """Checks that attention heads can share each size evenly.

    Args:
        sizes: Values of `transformer_size`, in units.
        entry: Name and options of a component.
        heads: Its `number_of_attention_heads` where Rasa was asked for it.

    Raises:
        ComparisonError: If they cannot.
    """
    for size in sizes:
        indivisible = early_faults.indivisible_heads(entry, size, heads)
        if indivisible is not None:
            raise ComparisonError(
                f"The size {size} is not a multiple of the {indivisible} attention "
                f"heads of {str(entry['name']).rpartition('.')[2]}."
            )
