"""Samples connectivities by the name of their pattern."""

from __future__ import annotations

from typing import Dict, Mapping, Optional, Sequence, Tuple, Type, Union

import numpy as np

from rasa_randconn.connections.connectivity import Connectivity
from rasa_randconn.connections.grouped import GroupedConnectivity
from rasa_randconn.connections.unstructured import UnstructuredConnectivity

_CLASSES: Dict[str, Type[Connectivity]] = {
    connectivity.pattern: connectivity
    for connectivity in (GroupedConnectivity, UnstructuredConnectivity)
}

#: The values that `connection_pattern` can have; the first is the default.
PATTERNS: Tuple[str, ...] = tuple(_CLASSES)


def check_fraction(name: str, value: object) -> float:
    """Returns a density, or another fraction, as a float.

    Args:
        name: What the user calls it.
        value: The value.

    Raises:
        ValueError: If it is no number in [0, 1]. The message is a sentence without its
            full stop.
    """
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    if is_number and not isinstance(value, bool):
        number = float(value)  # type: ignore[arg-type]
        if 0.0 <= number <= 1.0:
            return number
    raise ValueError(f"'{name}' must be a number between 0 and 1, not {value!r}")


def check_pattern(name: str, value: object) -> str:
    """Returns the name of a pattern.

    Args:
        name: What the user calls the option.
        value: The value.

    Raises:
        ValueError: If there is no such pattern. The message is as in `check_fraction`.
    """
    if isinstance(value, str) and value in _CLASSES:
        return value
    raise ValueError(f"'{name}' must be one of {', '.join(PATTERNS)}, not {value!r}")


def sample_connectivity(
    pattern: str,
    inputs: int,
    units: int,
    density: float,
    seed: Optional[Union[int, Sequence[int]]] = None,
) -> Connectivity:
    """Samples the connections of one layer.

    Args:
        pattern: `grouped` or `unstructured`.
        inputs: Number of inputs, at least 1.
        units: Number of outputs, at least 1.
        density: Wanted fraction of connections, in [0, 1]. 1 is a dense layer; 0
            leaves `max(inputs, units)` connections.
        seed: Seed or sequence of seeds; the same seed gives the same connections.

    Returns:
        The connectivity.

    Raises:
        ValueError: If pattern, density or one of the sizes is not allowed.
    """
    check_pattern("pattern", pattern)
    density = check_fraction("density", density)
    if inputs < 1 or units < 1:
        raise ValueError(
            f"A layer needs at least 1 input and 1 unit, not {inputs} and {units}."
        )
    generator = np.random.default_rng(seed)
    return _CLASSES[pattern].sample(inputs, units, density, generator)


def connectivity_from_arrays(
    pattern: str,
    inputs: int,
    units: int,
    count: int,
    arrays: Mapping[str, np.ndarray],
) -> Connectivity:
    """Rebuilds a connectivity from what its `to_arrays` returned.

    Args:
        pattern: `grouped` or `unstructured`.
        inputs: Number of inputs.
        units: Number of outputs.
        count: Number of connections.
        arrays: What `to_arrays` returned.

    Raises:
        ValueError: If there is no such pattern or the arrays do not fit.
    """
    return _CLASSES[check_pattern("pattern", pattern)].from_arrays(
        inputs, units, count, arrays
    )
