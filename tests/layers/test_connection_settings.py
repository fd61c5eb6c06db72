from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.connections import PATTERNS
from rasa_randconn.layers import KINDS, ConnectionSettings

DENSITIES = dict(zip(KINDS, (0.1, 0.2, 0.3, 0.4)))

every_pattern = pytest.mark.parametrize("pattern", PATTERNS)


def make(pattern, seed, place, kind=KINDS[0], **kwargs):
    settings = ConnectionSettings(DENSITIES, pattern, seed)
    layer = settings.dense_layer(24, kind, place, **kwargs)
    layer.build([None, 40])
    return layer


@every_pattern
@pytest.mark.parametrize("seed", [0, 42, -1, 2**40])
def test_place_and_seed_decide_the_pattern(pattern, seed):
    mask = make(pattern, seed, "text/layer_0/query").connectivity.mask()
    np.random.seed(99)  # The global state plays no part.
    same = make(pattern, seed, "text/layer_0/query").connectivity.mask()
    np.testing.assert_array_equal(mask, same)
    for other in ((seed, "text/layer_0/key"), (seed + 1, "text/layer_0/query")):
        assert (mask != make(pattern, *other).connectivity.mask()).any()


@every_pattern
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_layer_has_its_own_density(pattern, kind):
    layer = make(pattern, 1, "place", kind, use_bias=False, name="some_layer")
    assert layer.density == DENSITIES[kind]
    assert layer.connections == 40 * 24 * DENSITIES[kind]
    assert (layer.pattern, layer.units, layer.name) == (pattern, 24, "some_layer")
    assert layer.bias is None


def test_an_unknown_kind_is_an_error():
    with pytest.raises(KeyError):
        make("grouped", 1, "place", "output")
