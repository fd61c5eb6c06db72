from __future__ import annotations

import itertools

import numpy as np
import pytest

from rasa_randconn.kernels.dropout import (
    add_residual,
    dropout_backward,
    dropout_rate,
    seed_of,
)

SEED = np.uint32(1)
SHAPE = (200, 500)


def kept_places(rate, seed=SEED):
    features, update = np.zeros((2, 1, 100_000), np.float32)
    add_residual(features, update, np.ones(1, np.float32), seed, *dropout_rate(rate))
    return features[0] > 0


def update_zeros(rate):
    """What zeros become by an update of ones (half of it the bias)."""
    features, bias = np.zeros(SHAPE, np.float32), np.full(SHAPE[0], 0.5, np.float32)
    update = np.full(SHAPE, 0.5, np.float32)
    add_residual(features, update, bias, SEED, *dropout_rate(rate))
    return features


@pytest.mark.parametrize("rate", [0.01, 0.2, 0.9])
def test_as_many_places_are_dropped_as_the_rate_says_next_to_each_other_too(rate):
    is_kept = kept_places(rate)
    assert abs(is_kept.mean() - (1 - rate)) < 0.01
    for distance in (1, 2, 128, 256):
        both = is_kept[distance:] & is_kept[:-distance]
        assert abs(both.mean() - (1 - rate) ** 2) < 0.01


def test_seeds_drop_independently_and_each_always_the_same():
    seeds = [SEED, np.uint32(0), np.uint32(2**31), seed_of(1), seed_of(2)]
    by_seed = [kept_places(0.5, seed) for seed in seeds]
    for first, second in itertools.combinations(by_seed, 2):
        assert abs((first == second).mean() - 0.5) < 0.01
    np.testing.assert_array_equal(kept_places(0.5), by_seed[0])


def test_seeds_differ_for_all_numbers_they_are_made_of():
    numbers = list(itertools.product([0, 1, 12], range(12), range(-1, 6), range(5)))
    numbers += [(), (1,), (1, 2), (12,)]
    seeds = [seed_of(*each) for each in numbers]
    assert len(set(seeds)) == len(numbers)
    assert seeds == [seed_of(*each) for each in numbers]
    assert {type(seed) for seed in seeds} == {np.uint32}


@pytest.mark.parametrize("rate, factors", [(0, [1]), (0.2, [0, 1.25]), (1, [0])])
def test_an_update_is_dropped_or_makes_up_for_what_is_dropped(rate, factors):
    updated = update_zeros(rate)
    np.testing.assert_array_equal(np.unique(updated), np.float32(factors))
    assert rate == 1 or abs(updated.mean() - 1) < 0.01


def test_an_update_and_its_bias_are_added(normal, units, tokens):
    features, update, bias = normal(units, tokens), normal(units, tokens), normal(units)
    expected = features + update + bias[:, np.newaxis]
    add_residual(features, update, bias, SEED, *dropout_rate(0.0))
    np.testing.assert_allclose(features, expected, atol=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.2, 1.0])
def test_gradients_are_dropped_and_scaled_where_the_update_was(normal, rate):
    gradients = normal(*SHAPE)
    expected = gradients * update_zeros(rate)
    found = np.full(SHAPE, np.nan, np.float32)
    bias_gradient = np.full(SHAPE[0], np.nan, np.float32)
    dropout_backward(gradients, SEED, *dropout_rate(rate), found, bias_gradient)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(bias_gradient, expected.sum(axis=1), atol=1e-4)
