"""Similarities of inputs, their labels and negative examples, and the cross entropy.

All similarities of an input lie in one row. Of its columns, the first is the similarity
with its label; those with negative examples follow, `negatives` of each kind:

1. of the input with other labels,
2. of its label with other labels,
3. of the input with other inputs,
4. of its label with other inputs.

A negative example that happens to have the same label counts as very dissimilar.
"""

from __future__ import annotations

import math

import numpy as np

from rasa_randconn.kernels.activations import exp_of_negative
from rasa_randconn.kernels.array_types import Floats1, Floats2, Integers1, Integers2
from rasa_randconn.kernels.compilation import compiled, inlined

_SAME_LABEL = np.float32(-1e9)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_LOWEST_EXPONENT = np.float32(-87.0)

# So many factors of up to 2 have a product without overflow.
_FACTORS = 512


@compiled
def similarities(
    inputs: Floats2,
    labels: Floats2,
    all_labels: Floats2,
    label_ids: Integers1,
    all_label_ids: Integers1,
    negative_labels: Integers2,
    negative_inputs: Integers2,
    outputs: Floats2,
) -> None:
    """Computes all similarities, which are inner products.

    Args:
        inputs: Embedded inputs `[rows, units]`.
        labels: Their embedded labels `[rows, units]`.
        all_labels: The labels that negative examples are among `[labels, units]`.
        label_ids: The label of every input, as a number `[rows]`.
        all_label_ids: All labels, as numbers `[labels]`.
        negative_labels: Indices of other labels `[rows, negatives]`.
        negative_inputs: Indices of other inputs `[rows, negatives]`.
        outputs: Output: the similarities `[rows, 1 + 4 * negatives]`.
    """
    negatives = negative_labels.shape[1]
    for i in range(len(inputs)):
        output = outputs[i]
        product = _ZERO
        for unit in range(inputs.shape[1]):
            product += inputs[i, unit] * labels[i, unit]
        output[0] = product
        for k in range(negatives):
            j = negative_labels[i, k]
            same = _SAME_LABEL if all_label_ids[j] == label_ids[i] else _ZERO
            products = _products(inputs[i], labels[i], all_labels[j])
            output[1 + k] = products[0] + same
            output[1 + negatives + k] = products[1] + same
        for k in range(negatives):
            j = negative_inputs[i, k]
            same = _SAME_LABEL if label_ids[j] == label_ids[i] else _ZERO
            products = _products(inputs[i], labels[i], inputs[j])
            output[1 + 2 * negatives + k] = products[0] + same
            output[1 + 3 * negatives + k] = products[1] + same


@compiled
def similarities_backward(
    inputs: Floats2,
    labels: Floats2,
    all_labels: Floats2,
    negative_labels: Integers2,
    negative_inputs: Integers2,
    gradients: Floats2,
    input_gradients: Floats2,
    label_gradients: Floats2,
    all_label_gradients: Floats2,
) -> None:
    """Adds the gradients of `similarities`.

    Args:
        inputs: Embedded inputs `[rows, units]`.
        labels: Their embedded labels `[rows, units]`.
        all_labels: The labels that negative examples are among `[labels, units]`.
        negative_labels: Indices of other labels `[rows, negatives]`.
        negative_inputs: Indices of other inputs `[rows, negatives]`.
        gradients: Gradients with respect to the similarities.
        input_gradients: Output: the gradients with respect to the inputs are added.
        label_gradients: Output: those with respect to the labels.
        all_label_gradients: Output: those with respect to all labels.
    """
    negatives = negative_labels.shape[1]
    for i in range(len(inputs)):
        gradient = gradients[i]
        for unit in range(inputs.shape[1]):
            input_gradients[i, unit] += gradient[0] * labels[i, unit]
            label_gradients[i, unit] += gradient[0] * inputs[i, unit]
        for k in range(negatives):
            j = negative_labels[i, k]
            _add_gradients(
                inputs[i],
                labels[i],
                all_labels[j],
                gradient[1 + k],
                gradient[1 + negatives + k],
                input_gradients[i],
                label_gradients[i],
                all_label_gradients[j],
            )
        for k in range(negatives):
            j = negative_inputs[i, k]
            _add_gradients(
                inputs[i],
                labels[i],
                inputs[j],
                gradient[1 + 2 * negatives + k],
                gradient[1 + 3 * negatives + k],
                input_gradients[i],
                label_gradients[i],
                input_gradients[j],
            )


@compiled
def cross_entropy(
    similarities: Floats2,
    is_constrained: bool,
    losses: Floats1,
    gradients: Floats2,
) -> None:
    """Computes the cross entropy of every row.

    The softmax is over all similarities. If these are constrained, it leaves out those
    of the second and third kind; but then the mean cross entropy of the sigmoids of all
    similarities is added.

    Args:
        similarities: `[rows, 1 + 4 * negatives]`.
        is_constrained: Whether similarities are constrained.
        losses: Output: `[rows]`.
        gradients: Output: the gradients with respect to the similarities.
    """
    rows, columns = similarities.shape
    left_out = (columns - 1) // 2 if is_constrained else 0
    first_end = 1 + (columns - 1 - left_out) // 2 if is_constrained else columns
    second_start = first_end + left_out
    for i in range(rows):
        row, gradient = similarities[i], gradients[i]
        largest = row[0]
        for k in range(first_end):
            largest = max(largest, row[k])
        for k in range(second_start, columns):
            largest = max(largest, row[k])
        total = _exponentials(row[:first_end], largest, gradient[:first_end])
        total += _exponentials(row[second_start:], largest, gradient[second_start:])
        losses[i] = np.float32(math.log(total)) + largest - row[0]
        inverse = _ONE / total
        for k in range(columns):
            gradient[k] *= inverse
        for k in range(first_end, second_start):
            gradient[k] = _ZERO
        gradient[0] -= _ONE
        if is_constrained:
            share = _ONE / np.float32(columns)
            losses[i] += share * (_add_sigmoids(row, share, gradient) - row[0])
            gradient[0] -= share


@inlined
def _products(x: np.ndarray, y: np.ndarray, other: np.ndarray) -> tuple:
    """The inner products of two vectors with another one."""
    of_x, of_y = _ZERO, _ZERO
    for unit in range(len(other)):
        of_x += x[unit] * other[unit]
        of_y += y[unit] * other[unit]
    return of_x, of_y


@inlined
def _add_gradients(
    x: np.ndarray,
    y: np.ndarray,
    other: np.ndarray,
    of_x: np.float32,
    of_y: np.float32,
    x_gradient: np.ndarray,
    y_gradient: np.ndarray,
    other_gradient: np.ndarray,
) -> None:
    """Adds the gradients of `_products`, from those with respect to the products."""
    for unit in range(len(other)):
        x_gradient[unit] += of_x * other[unit]
        y_gradient[unit] += of_y * other[unit]
        other_gradient[unit] += of_x * x[unit] + of_y * y[unit]


@inlined
def _exponentials(
    row: np.ndarray, largest: np.float32, outputs: np.ndarray
) -> np.float32:
    """Writes `exp(row - largest)`, and returns their sum."""
    total = _ZERO
    for k in range(len(row)):
        exponent = row[k] - largest
        # no tiny numbers, with which processors are slow
        is_zero = exponent <= _LOWEST_EXPONENT
        exponential = _ZERO if is_zero else exp_of_negative(exponent)
        outputs[k] = exponential
        total += exponential
    return total


@inlined
def _add_sigmoids(
    row: np.ndarray, factor: np.float32, gradient: np.ndarray
) -> np.float32:
    """Adds sigmoids times a factor, and returns the sum of their integrals.

    The integral of the sigmoid at `x` is `log(1 + exp(x))`, here without overflow.
    """
    total = 0.0
    for start in range(0, len(row), _FACTORS):
        product = np.float64(1.0)
        for k in range(start, min(start + _FACTORS, len(row))):
            exponent = -abs(row[k])
            is_zero = exponent <= _LOWEST_EXPONENT
            below = _ZERO if is_zero else exp_of_negative(exponent)
            above = _ONE if row[k] >= 0 else below
            gradient[k] += factor * above / (_ONE + below)
            product *= 1.0 + np.float64(below)
            total += max(row[k], _ZERO)
        total += math.log(product)
    return np.float32(total)
