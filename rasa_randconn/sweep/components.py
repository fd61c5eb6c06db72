"""What a sweep must know about the components that a configuration names.

Rasa knows it. It is asked in a process of its own, as importing it takes memory and
prints warnings: `python -m rasa_randconn.sweep.components CONFIG SECTION...`.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import List, Sequence

from rasa_randconn.comparison.configuration import read_config
from rasa_randconn.comparison.errors import ComparisonError


@dataclass(frozen=True)
class SweptComponent:
    """A component whose density and size a sweep varies."""

    name: str
    """The class name."""

    heads: int
    """Its `number_of_attention_heads`."""

    has_pattern: bool
    """Whether it has the option `connection_pattern`."""


def read_components(config: str, sections: Sequence[str]) -> List[SweptComponent]:
    """Finds the neural components that would be trained.

    Args:
        config: The configuration's file.
        sections: Which of `pipeline` and `policies` there are data for.

    Returns:
        The components, at least one.

    Raises:
        ComparisonError: If there is none, or Rasa does not know a component.
    """
    process = subprocess.run(
        [sys.executable, "-m", __name__, config, *sections],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    last_lines = (process.stdout if process.returncode == 0 else process.stderr).strip()
    last_line = last_lines.rpartition("\n")[2]
    if process.returncode != 0:
        raise ComparisonError(f"Rasa cannot use '{config}': {last_line}")
    found = [SweptComponent(**values) for values in json.loads(last_line)]
    if not found:
        raise ComparisonError(
            f"The configuration '{config}' has no neural component "
            f"under {' or '.join(map(repr, sections))}, so there is nothing to vary."
        )
    return found


def main(arguments: Sequence[str]) -> None:
    """Prints the components of a configuration as JSON, in one line.

    Args:
        arguments: The configuration's file, and the sections to look at.
    """
    from rasa_randconn.comparison import neural

    config = read_config(arguments[0])
    components = []
    for found in neural.find({section: config[section] for section in arguments[1:]}):
        defaults = found.component.get_default_config()  # type: ignore[attr-defined]
        options = {**defaults, **found.config}
        components.append(
            SweptComponent(
                name=found.component.__name__,
                heads=int(options["number_of_attention_heads"]),
                has_pattern="connection_pattern" in options,
            )
        )
    print(json.dumps([dataclasses.asdict(component) for component in components]))


if __name__ == "__main__":
    main(sys.argv[1:])
