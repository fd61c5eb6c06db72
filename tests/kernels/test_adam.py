"""The oracle is Adam's formula in 64 bits, and a step at a time."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.kernels.adam import catch_up, update, update_all, update_rows

BETA_1, BETA_2, EPSILON = np.float32(0.9), np.float32(0.999), np.float32(1e-7)
CONSTANTS = BETA_1, BETA_2, EPSILON
ROWS, UNITS, STEPS = 6, 5, 700


def rate_of(step):
    correction = np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    return np.float32(0.01 * correction)


RATES = np.array([0, *(rate_of(step) for step in range(1, STEPS + 1))], np.float32)


def expected_update(state, gradients, l2, rate):
    weights, momentums, velocities = (array.astype(np.float64) for array in state)
    # as in Rasa, where the gradient of the loss is not positive there is no decay
    gradients = gradients + np.where(gradients > 0, 2 * l2 * weights, 0)
    momentums = 0.9 * momentums + 0.1 * gradients
    velocities = 0.999 * velocities + 0.001 * gradients**2
    weights = weights - rate * momentums / (np.sqrt(velocities) + 1e-7)
    return weights, momentums, velocities


@pytest.fixture
def state(normal):
    """Weights, momentums and velocities."""
    return normal(ROWS, UNITS), normal(ROWS, UNITS), normal(ROWS, UNITS) ** 2


def flat(arrays):
    return [array.reshape(-1) for array in arrays]


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_step_follows_the_formula(normal, state, l2):
    gradients = normal(ROWS, UNITS)
    expected = expected_update(state, gradients, l2, RATES[3])
    weights, *moments = flat(state)
    arguments = np.float32(l2), RATES[3], *CONSTANTS
    update(weights, gradients.reshape(-1), *moments, *arguments)
    for array, expected_array in zip(state, expected):
        np.testing.assert_allclose(array, expected_array, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("sizes", [(7, 0, 30), (1,), ()], ids=str)
@pytest.mark.parametrize("weights_at_once", [4, 100])
def test_many_arrays_take_the_steps_of_each(normal, sizes, weights_at_once):
    starts = np.cumsum([0, *sizes])
    arrays = [normal(size) for size in sizes]
    expected = [array.copy() for array in arrays]
    gradients, momentums, velocities = normal(3, starts[-1])
    velocities *= velocities
    l2, rate_factors = np.abs(normal(len(sizes))), 1 + normal(len(sizes)) ** 2
    moments = momentums.copy(), velocities.copy()
    for i, weights in enumerate(expected):
        own = slice(starts[i], starts[i + 1])
        rate = np.float32(RATES[3] * rate_factors[i])
        states = momentums[own], velocities[own]
        update(weights, gradients[own], *states, l2[i], rate, *CONSTANTS)
    for first in range(0, starts[-1], weights_at_once):
        update_all(
            first,
            min(first + weights_at_once, starts[-1]),
            np.array([array.ctypes.data for array in arrays], np.int64),
            gradients.ctypes.data + gradients.itemsize * starts[:-1],
            starts,
            *moments,
            l2,
            RATES[3],
            rate_factors.astype(np.float64),
            *CONSTANTS,
        )
    for found, wanted in zip((*arrays, *moments), (*expected, momentums, velocities)):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)


def test_only_the_rows_named_take_a_step(normal, state):
    rows, indptr, last_steps = np.array([1, 4]), np.array([0, 2, 3]), np.arange(ROWS)
    indices, data = np.array([3, 0, 3], np.int32), normal(3)
    vectors, gradients = normal(4, UNITS), np.zeros((ROWS, UNITS))
    gradients[1] = data[0] * vectors[3] + data[1] * vectors[0]
    gradients[4] = data[2] * vectors[3]
    before = [array.copy() for array in state]
    expected = expected_update(state, gradients, 0.1, RATES[3])
    arguments = np.float32(0.1), RATES[3], *CONSTANTS
    sums = rows, indptr, indices, data, vectors
    update_rows(*sums, last_steps, 9, *state, *arguments)
    others = np.delete(np.arange(ROWS), rows)
    for array, expected_array in zip(state, expected):
        np.testing.assert_allclose(
            array[rows], expected_array[rows], rtol=1e-4, atol=1e-6
        )
    for array, array_before in zip(state, before):
        np.testing.assert_array_equal(array[others], array_before[others])
    np.testing.assert_array_equal(last_steps, [0, 9, 2, 3, 9, 5])


@pytest.mark.parametrize("step", [11, 12, 60, 209, 210, 211, STEPS])
def test_catching_up_equals_taking_the_steps_one_by_one(normal, state, step):
    last_steps = np.array([10, 9, 10, step, 10, 10])
    rows = np.array([0, 1, 3])
    one_by_one = [array.copy() for array in state]
    nothing = np.zeros(UNITS, np.float32)
    for row in rows:
        for missed in range(last_steps[row] + 1, step + 1):
            own = [array[row] for array in one_by_one]
            arguments = np.float32(0.1), RATES[missed], *CONSTANTS
            update(own[0], nothing, *own[1:], *arguments)
    expected_steps = last_steps.copy()
    expected_steps[rows] = step
    catch_up(rows, last_steps, step, *state, RATES, *CONSTANTS)
    np.testing.assert_array_equal(last_steps, expected_steps)
    for array, expected in zip(state, one_by_one):
        np.testing.assert_allclose(array, expected, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("missed", [1, 2, 20, 200, 201, 400])
@pytest.mark.parametrize("first", [2, 300])
def test_catching_up_is_as_exact_as_its_numbers(first, missed):
    random = np.random.default_rng(1)
    # some so small that the epsilon counts
    gradients = random.normal(size=(2, 500)) * 10 ** random.uniform(-9, 0, (2, 500))
    moments = [(0.1 * gradients).astype(np.float32)]
    moments.append((0.001 * gradients**2).astype(np.float32))
    weights = np.zeros((2, 500), np.float32)
    expected = [array.astype(np.float64) for array in (weights, *moments)]
    beta_1, beta_2, epsilon = map(float, CONSTANTS)
    for step in range(first, first + missed):
        expected[1] *= beta_1
        expected[2] *= beta_2
        denominators = np.sqrt(expected[2]) + epsilon
        expected[0] -= float(RATES[step]) * expected[1] / denominators
    last_steps = np.full(2, first - 1)
    arguments = weights, *moments, RATES, *CONSTANTS
    catch_up(np.arange(2), last_steps, first + missed - 1, *arguments)
    for array, exact in zip((weights, *moments), expected):
        np.testing.assert_allclose(array, exact, rtol=1e-6)


def test_rows_that_never_had_a_gradient_stay_as_they_are(normal):
    weights = normal(ROWS, UNITS)
    before, last_steps = weights.copy(), np.zeros(ROWS, np.int64)
    zeros = np.zeros((2, ROWS, UNITS), np.float32)
    catch_up(np.arange(ROWS), last_steps, 9, weights, *zeros, RATES, *CONSTANTS)
    np.testing.assert_array_equal(weights, before)
    assert not zeros.any() and (last_steps == 9).all()
