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
    first,
    last,
    addresses,
    gradient_addresses,
    starts,
    momentums,
    velocities,
    l2,
    rate,
    rate_factors,
    *constants,
):
    for i, size in enumerate(np.diff(starts)):
        own = slice(max(starts[i], first), min(starts[i + 1], last))
        here = slice(own.start - starts[i], max(own.stop - starts[i], 0))
        update(
            _floats_at(addresses[i], size)[here],
            _floats_at(gradient_addresses[i], size)[here],
            momentums[own],
            velocities[own],
            l2[i],
            rate * rate_factors[i],
            *constants,
        )


def _floats_at(address, size):
    pointer = ctypes.cast(int(address), ctypes.POINTER(ctypes.c_float))
    return np.ctypeslib.as_array(pointer, (size,))


def catch_up(rows, steps, step, weights, momentums, velocities, rates, *constants):
    for row in rows:
        # a row without any gradient yet has no momentum
        missed = range(steps[row] + 1, step + 1) if steps[row] else ()
        steps[row] = step
        for missed_step in missed:
            state = weights[row], 0, momentums[row], velocities[row]
            update(*state, 0, rates[missed_step], *constants)


def update_rows(
    rows,
    indptr,
    indices,
    data,
    vectors,
    steps,
    step,
    weights,
    momentums,
    velocities,
    l2,
    rate,
    *constants,
):
    for row, start, end in zip(rows, indptr, indptr[1:]):
        gradient = data[start:end] @ vectors[indices[start:end]]
        update(
            weights[row],
            gradient,
            momentums[row],
            velocities[row],
            l2,
            rate,
            *constants,
        )
        steps[row] = step
