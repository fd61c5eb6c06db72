"""`kernels/adam.py` in plain NumPy: every step of every weight, one at a time."""

import ctypes

import numpy as np


def update(
    weights, gradients, momentums, velocities, l2, rate, beta_1, beta_2, epsilon
):
    # as in Rasa, where the gradient of the loss is not positive there is no decay
    total = gradients + np.where(gradients > 0, 2 * l2 * weights, 0)
    momentums[...] = beta_1 * momentums + (1 - beta_1) * total
    velocities[...] = beta_2 * velocities + (1 - beta_2) * total**2
    weights -= rate * momentums / (np.sqrt(velocities) + epsilon)


def update_all(
    addresses,
    starts,
    gradients,
    momentums,
    velocities,
    l2,
    rate,
    rate_factors,
    *constants,
):
    for i, address in enumerate(addresses):
        own = slice(starts[i], starts[i + 1])
        pointer = ctypes.cast(int(address), ctypes.POINTER(ctypes.c_float))
        weights = np.ctypeslib.as_array(pointer, (starts[i + 1] - starts[i],))
        moments = momentums[own], velocities[own]
        update(
            weights, gradients[own], *moments, l2[i], rate * rate_factors[i], *constants
        )


def catch_up(rows, steps, step, weights, momentums, velocities, rates, *constants):
    for row in rows:
        # a row without any gradient yet has no momentum
        missed = range(steps[row] + 1, step + 1) if steps[row] else ()
        steps[row] = step
        for missed_step in missed:
            state = weights[row], 0, momentums[row], velocities[row]
            update(*state, 0, rates[missed_step], *constants)


def update_rows(rows, weights, gradients, momentums, velocities, l2, rate, *constants):
    for row in rows:
        state = weights[row], gradients[row], momentums[row], velocities[row]
        update(*state, l2, rate, *constants)
        gradients[row] = 0
