"""Place and seed decide the connections of every layer of a model."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.connections import LAYER_KINDS, PATTERNS, ConnectionSettings

DENSITIES = dict(zip(LAYER_KINDS, (0.1, 0.2, 0.3, 0.4)))

every_pattern = pytest.mark.parametrize("pattern", PATTERNS)


def draw(pattern, seed, place, kind=LAYER_KINDS[0]):
    return ConnectionSettings(DENSITIES, pattern, seed).sample(place, kind, 40, 24)


@every_pattern
@pytest.mark.parametrize("seed", [0, 42, -1, 2**40])
def test_place_and_seed_decide_the_pattern(pattern, seed):
    mask = draw(pattern, seed, "text/layer_0/query").mask()
    np.random.seed(99)  # The global state plays no part.
    same = draw(pattern, seed, "text/layer_0/query").mask()
    np.testing.assert_array_equal(mask, same)
    for other in ((seed, "text/layer_0/key"), (seed + 1, "text/layer_0/query")):
        assert (mask != draw(pattern, *other).mask()).any()


@every_pattern
@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_every_kind_of_layer_has_its_own_density(pattern, kind):
    connectivity = draw(pattern, 1, "place", kind)
    assert connectivity.count == 40 * 24 * DENSITIES[kind]
    assert connectivity.pattern == pattern
    assert (connectivity.inputs, connectivity.units) == (40, 24)


def test_an_unknown_kind_is_an_error():
    with pytest.raises(KeyError):
        draw("grouped", 1, "place", "output")
