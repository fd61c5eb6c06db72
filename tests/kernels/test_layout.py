from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.kernels.layout import pack, spread, transpose


@pytest.fixture(params=[(2, 1), (4, 9), (7, 40)])
def is_real(request):
    """Where the tokens of a batch are, with gaps and an example without any."""
    is_real = np.random.default_rng(1).random(request.param) < 0.6
    is_real[-1], is_real[0, 0] = False, True
    return is_real


def test_packing_takes_the_real_tokens_features_first(normal, is_real, units):
    padded = normal(*is_real.shape, units)
    packed = np.full((units, is_real.sum()), np.nan, np.float32)
    pack(padded, *np.nonzero(is_real), packed)
    np.testing.assert_array_equal(packed, padded[is_real].T)


def test_spreading_undoes_packing_and_touches_no_padding(normal, is_real, units):
    packed, padded = normal(units, is_real.sum()), normal(*is_real.shape, units)
    expected = padded.copy()
    expected[is_real] = packed.T
    spread(packed, *np.nonzero(is_real), padded)
    np.testing.assert_array_equal(padded, expected)


def test_transposing_swaps_rows_and_columns(normal, units, tokens):
    rows, columns = normal(tokens, units), np.full((units, tokens), np.nan, np.float32)
    transpose(rows, columns)
    np.testing.assert_array_equal(columns, rows.T)
