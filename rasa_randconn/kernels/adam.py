"""Adam's updates: of whole arrays, and of the rows that a batch has used."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.array_types import (
    Doubles1,
    Floats1,
    Floats2,
    Integers1,
    ShortIntegers1,
)
from rasa_randconn.kernels.compilation import compiled, inlined
from rasa_randconn.kernels.row_sums import UNITS_IN_REGISTERS, add_weighted_rows
from rasa_randconn.kernels.vectors import BYTES, floats_at, prefetch

# After so many steps without a gradient, a momentum no longer changes any weight.
_MAX_MOMENTUM_STEPS = 200

# How many rows are loaded ahead.
_ROWS_AHEAD = 2

# Terms of the power series in `catch_up`.
_TERMS = 4


@inlined
def update(
    weights: Floats1,
    gradients: Floats1,
    momentums: Floats1,
    velocities: Floats1,
    l2: np.float32,
    rate: np.float32,
    beta_1: np.float32,
    beta_2: np.float32,
    epsilon: np.float32,
) -> None:
    """Applies one step.

    As in Rasa, the gradient of the regularisation counts only where that of the
    prediction loss is positive.

    Args:
        weights: Updated in place, like the moments; all arrays are flat and of one
            size.
        gradients: Gradients of the prediction loss with respect to the weights.
        momentums: Running means of the gradients.
        velocities: Running means of the squared gradients.
        l2: Factor of the squared weights in the loss.
        rate: The learning rate, with the bias correction of this step.
        beta_1: Decay of the momentums.
        beta_2: Decay of the velocities.
        epsilon: Added to the square root of the velocities.

    Source: Kingma and Ba, "Adam", 2015; `keras.optimizers.Adam`.
    """
    one = np.float32(1.0)
    decay = np.float32(2.0) * l2
    for i in range(len(weights)):
        gradient = gradients[i]
        gradient += decay * weights[i] if gradient > 0 else np.float32(0.0)
        momentum = momentums[i] + (gradient - momentums[i]) * (one - beta_1)
        velocity = velocities[i] + (gradient * gradient - velocities[i]) * (
            one - beta_2
        )
        momentums[i] = momentum
        velocities[i] = velocity
        weights[i] -= rate * momentum / (np.sqrt(velocity) + epsilon)


@compiled
def update_all(
    first: int,
    last: int,
    addresses: Integers1,
    gradient_addresses: Integers1,
    starts: Integers1,
    momentums: Floats1,
    velocities: Floats1,
    l2: Floats1,
    rate: np.float32,
    rate_factors: Doubles1,
    beta_1: np.float32,
    beta_2: np.float32,
    epsilon: np.float32,
) -> None:
    """Applies one step to some weights of many arrays.

    Args:
        first: The first weight to update, of all arrays one after the other.
        last: The weight after the last.
        addresses: Memory addresses of the arrays, which hold contiguous 32-bit floats
            and must not be freed during the call `[arrays]`.
        gradient_addresses: Those of the gradients with respect to them `[arrays]`.
        starts: Where each array begins in the next two, and the end `[arrays + 1]`.
        momentums: Running means of the gradients `[weights]`, updated in place.
        velocities: Running means of the squared gradients `[weights]`, updated in
            place.
        l2: Factor of the squared weights in the loss `[arrays]`.
        rate: The learning rate, with the bias correction of this step.
        rate_factors: Factors of the rate, as 64-bit floats `[arrays]`.
        beta_1: Decay of the momentums.
        beta_2: Decay of the velocities.
        epsilon: Added to the square root of the velocities.
    """
    for i in range(len(addresses)):
        start, end = max(first, starts[i]), min(last, starts[i + 1])
        if start < end:
            distance = BYTES * (start - starts[i])
            update(
                floats_at(addresses[i] + distance, end - start),
                floats_at(gradient_addresses[i] + distance, end - start),
                momentums[start:end],
                velocities[start:end],
                l2[i],
                np.float32(np.float64(rate) * rate_factors[i]),
                beta_1,
                beta_2,
                epsilon,
            )


@compiled
def catch_up(
    rows: Integers1,
    steps: Integers1,
    step: int,
    weights: Floats2,
    momentums: Floats2,
    velocities: Floats2,
    rates: Floats1,
    beta_1: np.float32,
    beta_2: np.float32,
    epsilon: np.float32,
) -> None:
    """Applies the steps that unused rows have skipped, as if with zero gradients.

    Each step shrinks `root`, the square root of a velocity, a little, by the same
    factor for all weights. With `shrinkage` as what is lost since the first step, the
    sum over the steps is

        sum(rate * decayed_momentum / (root * (1 - shrinkage) + epsilon))
        = momentum / (root + epsilon) * sum(rate * decay / (1 - ratio * shrinkage))

    where `ratio = root / (root + epsilon)`. The last sum is a power series in `ratio`,
    whose coefficients are those of the row. As the momentum decays long before
    `shrinkage` grows, four terms are as exact as 32-bit floats.

    Args:
        rows: Indices of the rows to bring up to date.
        steps: The last step applied to each row of the arrays, updated in place.
        step: The last step to apply.
        weights: `[all rows, units]`, updated in place.
        momentums: Running means of the gradients `[all rows, units]`, updated in place.
        velocities: Running means of the squared gradients `[all rows, units]`, updated
            in place.
        rates: The learning rate of each step, with its bias correction.
        beta_1: Decay of the momentums.
        beta_2: Decay of the velocities.
        epsilon: Added to the square root of the velocities.
    """
    units = weights.shape[1]
    coefficients = np.empty(_TERMS, np.float64)
    for k in range(len(rows)):
        row = rows[k]
        first = steps[row] + 1
        missed = step - steps[row]
        steps[row] = step
        ahead = rows[min(k + _ROWS_AHEAD, len(rows) - 1)]
        prefetch(weights[ahead])
        prefetch(momentums[ahead])
        prefetch(velocities[ahead])
        if missed <= 0 or first == 1:
            # a row without any gradient yet has no momentum
            continue
        _sum_up_steps(rates, first, missed, beta_1, beta_2, coefficients)
        c0, c1 = np.float32(coefficients[0]), np.float32(coefficients[1])
        c2, c3 = np.float32(coefficients[2]), np.float32(coefficients[3])
        decay_1 = np.float32(np.float64(beta_1) ** missed)
        decay_2 = np.float32(np.float64(beta_2) ** missed)
        weight, momentum, velocity = weights[row], momentums[row], velocities[row]
        for i in range(units):
            root = np.sqrt(velocity[i])
            inverse = np.float32(1.0) / (root + epsilon)
            ratio = root * inverse
            series = c0 + ratio * (c1 + ratio * (c2 + ratio * c3))
            weight[i] -= momentum[i] * inverse * series
            momentum[i] *= decay_1
            velocity[i] *= decay_2


@inlined
def _sum_up_steps(
    rates: Floats1,
    first: int,
    missed: int,
    beta_1: np.float32,
    beta_2: np.float32,
    coefficients: Doubles1,
) -> None:
    """Computes the coefficients of `ratio`'s powers, as `catch_up` explains.

    Args:
        rates: The learning rate of each step, with its bias correction.
        first: The first step to apply.
        missed: Number of steps to apply.
        beta_1: Decay of the momentums.
        beta_2: Decay of the velocities.
        coefficients: Output: the coefficients.
    """
    decay, remainder = np.float64(1.0), np.float64(1.0)
    root_beta_2 = np.sqrt(np.float64(beta_2))
    coefficients[:] = 0.0
    for s in range(min(missed, _MAX_MOMENTUM_STEPS)):
        decay *= np.float64(beta_1)
        remainder *= root_beta_2
        term = decay * np.float64(rates[first + s])
        for power in range(_TERMS):
            coefficients[power] += term
            term *= 1.0 - remainder


@compiled
def update_rows(
    rows: Integers1,
    indptr: Integers1,
    indices: ShortIntegers1,
    data: Floats1,
    vectors: Floats2,
    steps: Integers1,
    step: int,
    weights: Floats2,
    momentums: Floats2,
    velocities: Floats2,
    l2: np.float32,
    rate: np.float32,
    beta_1: np.float32,
    beta_2: np.float32,
    epsilon: np.float32,
) -> None:
    """Applies one step to some rows, whose gradients are weighted sums of vectors.

    Args:
        rows: Indices of the rows to update.
        indptr: Where the sum of each of these begins in the next two, and the end
            `[rows + 1]`.
        indices: Indices of the vectors `[terms]`.
        data: Weights of the vectors `[terms]`.
        vectors: `[vectors, units]`.
        steps: The last step applied to each row, updated in place.
        step: This step.
        weights: `[all rows, units]`, updated in place.
        momentums: Running means of the gradients `[all rows, units]`, updated in place.
        velocities: Running means of the squared gradients `[all rows, units]`, updated
            in place.
        l2: Factor of the squared weights in the loss.
        rate: The learning rate, with the bias correction of this step.
        beta_1: Decay of the momentums.
        beta_2: Decay of the velocities.
        epsilon: Added to the square root of the velocities.
    """
    units = weights.shape[1]
    # few units at once, so that all vectors fit into the second-level cache
    for first in range(0, units, UNITS_IN_REGISTERS):
        part = slice(first, min(first + UNITS_IN_REGISTERS, units))
        gradient = np.empty(part.stop - first, np.float32)
        for k in range(len(rows)):
            row = rows[k]
            ahead = rows[min(k + _ROWS_AHEAD, len(rows) - 1)]
            prefetch(weights[ahead, part])
            prefetch(momentums[ahead, part])
            prefetch(velocities[ahead, part])
            gradient[:] = 0
            add_weighted_rows(
                indices, data, indptr[k], indptr[k + 1], vectors, first, gradient
            )
            update(
                weights[row, part],
                gradient,
                momentums[row, part],
                velocities[row, part],
                l2,
                rate,
                beta_1,
                beta_2,
                epsilon,
            )
    for k in range(len(rows)):
        steps[rows[k]] = step
