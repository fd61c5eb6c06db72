"""Products of sparse features with dense kernels.

The features are a CSR matrix: row `i` has the non-zero numbers
`data[indptr[i] : indptr[i + 1]]`, in the columns at the same positions of `indices`.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled
from rasa_randconn.kernels.dropout import is_kept, kept_factor


@compiled
def multiply(
    indptr: np.ndarray,
    indices: np.ndarray,
    data: np.ndarray,
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
    """Computes some rows of the product, with dropout of features and of units.

    Args:
        indptr: Where each row begins in the next two, and the end `[rows + 1]`.
        indices: Columns of the non-zero features `[non-zeros]`.
        data: The non-zero features `[non-zeros]`.
        first: The first row to compute.
        last: The row after the last.
        kernel: `[features, units]`.
        bias: `[units]`.
        seed: Seed of the dropout of features. As in Rasa, kept ones are not scaled.
        threshold: Random bits below it drop a feature.
        unit_seed: Seed of the dropout of units.
        unit_threshold: Random bits below it drop a unit.
        unit_scale: Factor of kept units.
        outputs: Output: `[rows, units]`, of which only these rows are written.
    """
    units = kernel.shape[1]
    for row in range(first, last):
        output = outputs[row]
        for unit in range(units):
            output[unit] = bias[unit]
        for position in range(indptr[row], indptr[row + 1]):
            if is_kept(position, seed, threshold):
                value = data[position]
                weights = kernel[indices[position]]
                for unit in range(units):
                    output[unit] += value * weights[unit]
        if unit_threshold > 0:
            for unit in range(units):
                output[unit] *= kept_factor(
                    row * units + unit, unit_seed, unit_threshold, unit_scale
                )


@compiled
def multiply_backward(
    indptr: np.ndarray,
    indices: np.ndarray,
    data: np.ndarray,
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
    """Adds the gradients of `multiply` with respect to some units.

    Args:
        indptr: Where each row begins in the next two, and the end `[rows + 1]`.
        indices: Columns of the non-zero features `[non-zeros]`.
        data: The non-zero features `[non-zeros]`.
        gradients: Gradients with respect to the outputs `[rows, units]`.
        first: The first unit to compute.
        last: The unit after the last.
        seed: Seed of the dropout of features.
        threshold: Random bits below it drop a feature.
        unit_seed: Seed of the dropout of units.
        unit_threshold: Random bits below it drop a unit.
        unit_scale: Factor of kept units.
        kernel_gradients: Output: the gradients with respect to the kernel
            `[features, units]` are added to it.
        bias_gradient: Output: the gradient with respect to the bias `[units]` is added
            to it.
    """
    rows, units = gradients.shape
    gradient = np.empty(last - first, np.float32)
    for row in range(rows):
        for i in range(last - first):
            gradient[i] = gradients[row, first + i]
        if unit_threshold > 0:
            for i in range(last - first):
                gradient[i] *= kept_factor(
                    row * units + first + i, unit_seed, unit_threshold, unit_scale
                )
        for i in range(last - first):
            bias_gradient[first + i] += gradient[i]
        for position in range(indptr[row], indptr[row + 1]):
            if is_kept(position, seed, threshold):
                value = data[position]
                weights = kernel_gradients[indices[position]]
                for i in range(last - first):
                    weights[first + i] += value * gradient[i]


@compiled
def mark(indices: np.ndarray, marks: np.ndarray) -> None:
    """Marks the features that are non-zero in any row.

    Args:
        indices: Columns of the non-zero features `[non-zeros]`.
        marks: Output: 1 at these features `[features]`; the others stay.
    """
    for position in range(len(indices)):
        marks[indices[position]] = 1
