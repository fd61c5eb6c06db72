"""Products of sparse features with dense kernels.

Rows of features are compressed: those of row `i` have the numbers from `borders[i]` to
`borders[i + 1]` in `columns` and `values`.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled
from rasa_randconn.kernels.dropout import is_kept, kept_factor


@compiled
def multiply(
    borders: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
    first: int,
    last: int,
    kernel: np.ndarray,
    bias: np.ndarray,
    seed: np.uint32,
    threshold: np.uint32,
    unit_seed: np.uint32,
    unit_threshold: np.uint32,
    unit_scale: np.float32,
    outputs: np.ndarray,
) -> None:
    """Computes some rows of the product, with dropout before and after.

    Args:
        borders: `[rows + 1]`.
        columns: Feature of every number.
        values: The numbers.
        first: First row to compute.
        last: The row after the last.
        kernel: `[features, units]`.
        bias: `[units]`.
        seed: Seed of the dropout of features, which are not scaled (as in Rasa).
        threshold: Random bits below it drop a feature.
        unit_seed: Seed of the dropout of units.
        unit_threshold: Random bits below it drop a unit.
        unit_scale: Factor for units that are kept.
        outputs: Gets the rows `[rows, units]`.
    """
    units = kernel.shape[1]
    for row in range(first, last):
        output = outputs[row]
        for unit in range(units):
            output[unit] = bias[unit]
        for place in range(borders[row], borders[row + 1]):
            if is_kept(place, seed, threshold):
                value = values[place]
                weights = kernel[columns[place]]
                for unit in range(units):
                    output[unit] += value * weights[unit]
        if unit_threshold > 0:
            for unit in range(units):
                output[unit] *= kept_factor(
                    row * units + unit, unit_seed, unit_threshold, unit_scale
                )


@compiled
def multiply_backward(
    borders: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
    gradients: np.ndarray,
    first: int,
    last: int,
    seed: np.uint32,
    threshold: np.uint32,
    unit_seed: np.uint32,
    unit_threshold: np.uint32,
    unit_scale: np.float32,
    kernel_gradients: np.ndarray,
    bias_gradient: np.ndarray,
) -> None:
    """Adds the gradients of some units of the kernel and the bias of `multiply`.

    Args:
        borders: `[rows + 1]`.
        columns: Feature of every number.
        values: The numbers.
        gradients: Of the outputs `[rows, units]`.
        first: First unit to compute.
        last: The unit after the last.
        seed: Seed of the dropout of features.
        threshold: Random bits below it drop a feature.
        unit_seed: Seed of the dropout of units.
        unit_threshold: Random bits below it drop a unit.
        unit_scale: Factor for units that are kept.
        kernel_gradients: `[features, units]`, added to.
        bias_gradient: `[units]`, added to.
    """
    rows, units = gradients.shape
    own = np.empty(last - first, np.float32)
    for row in range(rows):
        for i in range(last - first):
            own[i] = gradients[row, first + i]
        if unit_threshold > 0:
            for i in range(last - first):
                own[i] *= kept_factor(
                    row * units + first + i, unit_seed, unit_threshold, unit_scale
                )
        for i in range(last - first):
            bias_gradient[first + i] += own[i]
        for place in range(borders[row], borders[row + 1]):
            if is_kept(place, seed, threshold):
                value = values[place]
                weights = kernel_gradients[columns[place]]
                for i in range(last - first):
                    weights[first + i] += value * own[i]


@compiled
def mark(columns: np.ndarray, marks: np.ndarray) -> None:
    """Marks the features that occur."""
    for place in range(len(columns)):
        marks[columns[place]] = 1
