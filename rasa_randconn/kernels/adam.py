"""Adam's updates, of whole arrays and of the rows that a batch has touched."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled, inlined
from rasa_randconn.kernels.vectors import floats_at

# After so many steps without a gradient, a momentum is too small to change a weight.
_LONGEST_MOMENTUM = 200


@inlined
def update(
    weights: np.ndarray,
    gradients: np.ndarray,
    momentums: np.ndarray,
    velocities: np.ndarray,
    l2: np.float32,
    rate: np.float32,
    beta_1: np.float32,
    beta_2: np.float32,
    epsilon: np.float32,
) -> None:
    """Takes one step.

    Args:
        weights: All arrays are flat and of the same size.
        gradients: Of the prediction loss. The gradient of the regularisation is added
            where they are positive.
        momentums: Running mean of the gradients.
        velocities: Running mean of their squares.
        l2: Factor of the squared weights in the loss.
        rate: The learning rate, corrected for the number of the step.
        beta_1: What is kept of the momentums.
        beta_2: What is kept of the velocities.
        epsilon: Added to the root of the velocities.

    Source: Kingma and Ba, "Adam", 2015; `keras.optimizers.Adam`.
    """
    one = np.float32(1.0)
    twice = np.float32(2.0) * l2
    for i in range(len(weights)):
        gradient = gradients[i]
        gradient += twice * weights[i] if gradient > 0 else np.float32(0.0)
        momentum = momentums[i] + (gradient - momentums[i]) * (one - beta_1)
        velocity = velocities[i] + (gradient * gradient - velocities[i]) * (
            one - beta_2
        )
        momentums[i] = momentum
        velocities[i] = velocity
        weights[i] -= rate * momentum / (np.sqrt(velocity) + epsilon)


@compiled
def update_all(
    addresses: np.ndarray,
    borders: np.ndarray,
    gradients: np.ndarray,
    momentums: np.ndarray,
    velocities: np.ndarray,
    l2: np.ndarray,
    rate: np.float32,
    rate_factors: np.ndarray,
    beta_1: np.float32,
    beta_2: np.float32,
    epsilon: np.float32,
) -> None:
    """Takes one step with many arrays of weights.

    Args:
        addresses: Where the weights of every array lie in memory, as 32-bit floats one
            after the other; nobody may move or free them meanwhile `[arrays]`.
        borders: Where each array begins in the flat ones below, and the end.
        gradients: As for `update`, one array after the other.
        momentums: The same.
        velocities: The same.
        l2: Factor of the squared weights in the loss, of every array.
        rate: The learning rate, corrected for the number of the step.
        rate_factors: What it is multiplied with for every array, as 64-bit floats.
        beta_1: What is kept of the momentums.
        beta_2: What is kept of the velocities.
        epsilon: Added to the root of the velocities.
    """
    for i in range(len(addresses)):
        own = slice(borders[i], borders[i + 1])
        update(
            floats_at(addresses[i], borders[i + 1] - borders[i]),
            gradients[own],
            momentums[own],
            velocities[own],
            l2[i],
            np.float32(np.float64(rate) * rate_factors[i]),
            beta_1,
            beta_2,
            epsilon,
        )


@compiled
def catch_up(
    rows: np.ndarray,
    steps: np.ndarray,
    step: int,
    weights: np.ndarray,
    momentums: np.ndarray,
    velocities: np.ndarray,
    rates: np.ndarray,
    beta_1: np.float32,
    beta_2: np.float32,
    epsilon: np.float32,
) -> None:
    """Takes the steps that rows have missed because nothing had touched them.

    Args:
        rows: The rows.
        steps: Last step that every row of all has taken; changed in place.
        step: The step up to which they are to be taken.
        weights: `[rows of all, units]`, changed in place like the next two.
        momentums: Running mean of the gradients.
        velocities: Running mean of their squares.
        rates: The learning rate of every step, corrected for its number.
        beta_1: What a step keeps of the momentums.
        beta_2: What a step keeps of the velocities.
        epsilon: Added to the root of the velocities.
    """
    units = weights.shape[1]
    root_beta_2 = np.sqrt(beta_2)
    for k in range(len(rows)):
        row = rows[k]
        missed = step - steps[row]
        first = steps[row] + 1
        steps[row] = step
        if missed <= 0 or first == 1:
            # before its first gradient, a row has no momentum
            continue
        weight, momentum, velocity = weights[row], momentums[row], velocities[row]
        root = np.empty(units, np.float32)
        moved = np.empty(units, np.float32)
        for i in range(units):
            root[i] = np.sqrt(velocity[i])
            moved[i] = momentum[i]
        for s in range(min(missed, _LONGEST_MOMENTUM)):
            rate = rates[first + s]
            for i in range(units):
                moved[i] *= beta_1
                root[i] *= root_beta_2
                weight[i] -= rate * moved[i] / (root[i] + epsilon)
        kept_1 = np.float32(beta_1**missed)
        kept_2 = np.float32(beta_2**missed)
        for i in range(units):
            momentum[i] *= kept_1
            velocity[i] *= kept_2


@compiled
def update_rows(
    rows: np.ndarray,
    weights: np.ndarray,
    gradients: np.ndarray,
    momentums: np.ndarray,
    velocities: np.ndarray,
    l2: np.float32,
    rate: np.float32,
    beta_1: np.float32,
    beta_2: np.float32,
    epsilon: np.float32,
) -> None:
    """Takes one step with some rows, and sets their gradients to zero.

    Args:
        rows: The rows; the other arguments are as for `update`, but `[rows, units]`.
        weights: All weights.
        gradients: Their gradients.
        momentums: Running mean of the gradients.
        velocities: Running mean of their squares.
        l2: Factor of the squared weights in the loss.
        rate: The learning rate, corrected for the number of the step.
        beta_1: What is kept of the momentums.
        beta_2: What is kept of the velocities.
        epsilon: Added to the root of the velocities.
    """
    for k in range(len(rows)):
        row = rows[k]
        update(
            weights[row],
            gradients[row],
            momentums[row],
            velocities[row],
            l2,
            rate,
            beta_1,
            beta_2,
            epsilon,
        )
        gradients[row] = np.float32(0.0)
