"""Products of sparse features with dense kernels.

The features are a CSR matrix: row `i` has the non-zero numbers
`data[indptr[i] : indptr[i + 1]]`, in the columns at the same positions of `indices`.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.array_types import (
    Floats1,
    Floats2,
    Integers1,
    ShortIntegers1,
)
from rasa_randconn.kernels.compilation import compiled
from rasa_randconn.kernels.dropout import is_kept, kept_factor
from rasa_randconn.kernels.row_sums import add_weighted_rows


@compiled
def drop_features(
    indptr: Integers1,
    indices: ShortIntegers1,
    data: Floats1,
    seed: np.uint32,
    threshold: np.uint32,
    kept_indptr: Integers1,
    kept_indices: ShortIntegers1,
    kept_data: Floats1,
) -> None:
    """Drops non-zero features. As in Rasa, those that are kept are not scaled.

    Args:
        indptr: Where each row begins in the next two, and the end `[rows + 1]`.
        indices: Columns of the non-zero features `[non-zeros]`.
        data: The non-zero features `[non-zeros]`.
        seed: Seed of the dropout.
        threshold: Random bits below it drop a feature.
        kept_indptr: Output: where each row begins in the next two, and the end.
        kept_indices: Output: columns of the features that are kept `[non-zeros]`;
            beyond the end, it holds anything.
        kept_data: Output: the features that are kept `[non-zeros]`, likewise.
    """
    kept = 0
    kept_indptr[0] = 0
    for row in range(len(indptr) - 1):
        for position in range(indptr[row], indptr[row + 1]):
            # written in any case, as a branch would be hard to predict
            kept_indices[kept] = indices[position]
            kept_data[kept] = data[position]
            kept += is_kept(position, seed, threshold)
        kept_indptr[row + 1] = kept


@compiled
def group_by_column(
    indptr: Integers1,
    indices: ShortIntegers1,
    data: Floats1,
    features: int,
    count: Integers1,
    columns: Integers1,
    column_indptr: Integers1,
    rows: ShortIntegers1,
    row_data: Floats1,
) -> None:
    """Groups the non-zero features by their column, by counting sort.

    The result is the transposed matrix, without columns that have only zeros.

    Args:
        indptr: Where each row begins in the next two, and the end `[rows + 1]`.
        indices: Columns of the non-zero features `[non-zeros]`.
        data: The non-zero features `[non-zeros]`.
        features: Number of all columns.
        count: Output: the number of columns with non-zero features `[1]`.
        columns: Output: these columns, in ascending order `[features]`; beyond their
            number, it holds anything.
        column_indptr: Output: where each of them begins in the next two, and the end
            `[features + 1]`, likewise.
        rows: Output: rows of the non-zero features; they rise within a column
            `[non-zeros]`.
        row_data: Output: the non-zero features `[non-zeros]`.
    """
    # first the number of each column, then its next position
    positions = np.zeros(features, np.int32)
    for i in range(len(indices)):
        positions[indices[i]] += 1
    found = 0
    position = np.int32(0)
    for column in range(features):
        size = positions[column]
        positions[column] = position
        # written in any case, as a branch would be hard to predict
        columns[found] = column
        column_indptr[found] = position
        found += size > 0
        position += size
    column_indptr[found] = position
    count[0] = found
    for row in range(len(indptr) - 1):
        for i in range(indptr[row], indptr[row + 1]):
            column = indices[i]
            position = positions[column]
            rows[position] = row
            row_data[position] = data[i]
            positions[column] = position + 1


@compiled
def multiply(
    indptr: Integers1,
    indices: ShortIntegers1,
    data: Floats1,
    first: int,
    last: int,
    kernel: Floats2,
    bias: Floats1,
    seed: np.uint32,
    threshold: np.uint32,
    scale: np.float32,
    outputs: Floats2,
) -> None:
    """Computes some rows of the product, with bias and dropout of units.

    Args:
        indptr: Where each row begins in the next two, and the end `[rows + 1]`.
        indices: Columns of the non-zero features `[non-zeros]`.
        data: The non-zero features `[non-zeros]`.
        first: The first row to compute.
        last: The row after the last.
        kernel: `[features, units]`.
        bias: `[units]`.
        seed: Seed of the dropout.
        threshold: Random bits below it drop a unit.
        scale: Factor of kept units.
        outputs: Output: `[rows, units]`, of which only these rows are written.
    """
    units = kernel.shape[1]
    for row in range(first, last):
        output = outputs[row]
        for unit in range(units):
            output[unit] = bias[unit]
        add_weighted_rows(
            indices, data, indptr[row], indptr[row + 1], kernel, 0, output
        )
        if threshold > 0:
            for unit in range(units):
                output[unit] *= kept_factor(row * units + unit, seed, threshold, scale)


@compiled
def multiply_backward(
    gradients: Floats2,
    first: int,
    last: int,
    seed: np.uint32,
    threshold: np.uint32,
    scale: np.float32,
    product_gradients: Floats2,
    bias_gradient: Floats1,
) -> None:
    """Computes what `multiply` adds to the gradients, for some rows.

    Args:
        gradients: Gradients with respect to the outputs `[rows, units]`.
        first: The first row to compute.
        last: The row after the last.
        seed: Seed of the dropout of units.
        threshold: Random bits below it drop a unit.
        scale: Factor of kept units.
        product_gradients: Output: the gradients with respect to the product, before
            bias and dropout `[rows, units]`; only these rows are written.
        bias_gradient: Output: the gradient with respect to the bias `[units]`, as far
            as these rows contribute to it.
    """
    units = gradients.shape[1]
    for unit in range(units):
        bias_gradient[unit] = 0
    for row in range(first, last):
        for unit in range(units):
            gradient = gradients[row, unit] * kept_factor(
                row * units + unit, seed, threshold, scale
            )
            product_gradients[row, unit] = gradient
            bias_gradient[unit] += gradient


@compiled
def kernel_gradient(
    indptr: Integers1,
    indices: ShortIntegers1,
    data: Floats1,
    product_gradients: Floats2,
    result: Floats2,
) -> None:
    """Computes the gradient of the product with respect to all rows of the kernel.

    Args:
        indptr: Where each row begins in the next two, and the end `[rows + 1]`.
        indices: Columns of the non-zero features `[non-zeros]`.
        data: The non-zero features `[non-zeros]`.
        product_gradients: Gradients with respect to the product `[rows, units]`.
        result: Output: the gradient `[features, units]`.
    """
    units = result.shape[1]
    result[:] = 0
    for row in range(len(indptr) - 1):
        for position in range(indptr[row], indptr[row + 1]):
            value = data[position]
            total = result[indices[position]]
            for unit in range(units):
                total[unit] += value * product_gradients[row, unit]
