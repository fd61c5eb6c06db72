"""Rows are added to those of another array."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.scatter import scatter_add

OTHERS = 6


def test_rows_are_added_to_those_at_their_indices(normal, tokens, units):
    rows, found = normal(tokens, units), normal(OTHERS, units)
    indices = np.random.default_rng(1).integers(OTHERS, size=tokens)
    expected = found.copy()
    np.add.at(expected, indices, rows)
    scatter_add(rows, indices, found)
    np.testing.assert_allclose(found, expected, atol=1e-4)
