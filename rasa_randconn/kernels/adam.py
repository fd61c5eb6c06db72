"""Adam's updates: of whole arrays, and of the rows that a batch has used."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled, inlined
from rasa_randconn.kernels.vectors import floats_at

# After so many steps without a gradient, a momentum no longer changes any weight.
_MAX_MOMENTUM_STEPS = 200


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
    addresses: np.ndarray,
    starts: np.ndarray,
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
    """Applies one step to many arrays of weights.

    Args:
        addresses: Memory addresses of the arrays, which hold contiguous 32-bit floats
            and must not be freed during the call `[arrays]`.
        starts: Where each array begins in the next three, and the end `[arrays + 1]`.
        gradients: Gradients of all arrays, one after the other `[weights]`.
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
        span = slice(starts[i], starts[i + 1])
        update(
            floats_at(addresses[i], starts[i + 1] - starts[i]),
            gradients[span],
            momentums[span],
            velocities[span],
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
    """Applies the steps that unused rows have skipped, as if with zero gradients.

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
    root_beta_2 = np.sqrt(beta_2)
    for k in range(len(rows)):
        row = rows[k]
        missed = step - steps[row]
        first = steps[row] + 1
        steps[row] = step
        if missed <= 0 or first == 1:
            # a row without any gradient yet has no momentum
            continue
        weight, momentum, velocity = weights[row], momentums[row], velocities[row]
        root_velocity = np.empty(units, np.float32)
        decayed_momentum = np.empty(units, np.float32)
        for i in range(units):
            root_velocity[i] = np.sqrt(velocity[i])
            decayed_momentum[i] = momentum[i]
        for s in range(min(missed, _MAX_MOMENTUM_STEPS)):
            rate = rates[first + s]
            for i in range(units):
                decayed_momentum[i] *= beta_1
                root_velocity[i] *= root_beta_2
                weight[i] -= rate * decayed_momentum[i] / (root_velocity[i] + epsilon)
        decay_1 = np.float32(beta_1**missed)
        decay_2 = np.float32(beta_2**missed)
        for i in range(units):
            momentum[i] *= decay_1
            velocity[i] *= decay_2


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
    """Applies one step to some rows, and sets their gradients to zero.

    Args:
        rows: Indices of the rows.
        weights: `[all rows, units]`, updated in place.
        gradients: Gradients with respect to the weights `[all rows, units]`.
        momentums: Running means of the gradients `[all rows, units]`, updated in place.
        velocities: Running means of the squared gradients `[all rows, units]`, updated
            in place.
        l2: Factor of the squared weights in the loss.
        rate: The learning rate, with the bias correction of this step.
        beta_1: Decay of the momentums.
        beta_2: Decay of the velocities.
        epsilon: Added to the square root of the velocities.
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
