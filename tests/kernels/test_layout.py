from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.kernels.layout import pack, spread


@pytest.fixture(params=[(2, 1), (4, 9), (7, 40)])
def is_real(request):
    """Where the tokens of a batch are, with gaps and an example without any."""
    is_real = np.random.default_rng(1).random(request.param) < 0.6
    is_real[-1], is_real[0, 0] = False, True
    return is_real


@pytest.mark.parametrize("left", [0, 5])
def test_packing_takes_the_real_tokens_features_first(normal, is_real, units, left):
    padded = normal(*is_real.shape, units)
    packed = np.full((units, is_real.sum() + left), np.nan, np.float32)
    pack(padded, *np.nonzero(is_real), packed)
    expected = np.pad(padded[is_real].T, [(0, 0), (0, left)])
    np.testing.assert_array_equal(packed, expected)


def test_spreading_undoes_packing_and_touches_no_padding(normal, is_real, units):
    count = is_real.sum()
    packed, padded = normal(units, count + 5), normal(*is_real.shape, units)
    expected = padded.copy()
    expected[is_real] = packed[:, :count].T
    spread(packed, *np.nonzero(is_real), padded)
    np.testing.assert_array_equal(padded, expected)
