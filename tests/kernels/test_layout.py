"""Tokens get out of a batch and back into it."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.kernels.layout import (
    put_columns,
    put_tokens,
    take_columns,
    take_tokens,
)

TOKENS = 47


@pytest.fixture(params=[(0, 1), (0, TOKENS), (3, 16), (5, 40), (7, 0)])
def span(request):
    """First token, and number of tokens; most fill no block of 16."""
    return request.param


@pytest.mark.parametrize("left", [0, 5])
def test_tokens_are_taken_features_first_and_followed_by_zeros(
    normal, span, units, left
):
    first, count = span
    rows = normal(TOKENS, units)
    features = np.full((units, count + left), np.nan, np.float32)
    take_tokens(rows[first : first + count], features)
    expected = np.pad(rows[first : first + count].T, [(0, 0), (0, left)])
    np.testing.assert_array_equal(features, expected)


def test_tokens_are_put_back_and_no_others_touched(normal, span, units):
    first, count = span
    features, rows = normal(units, count + 5), normal(TOKENS, units)
    expected = rows.copy()
    expected[first : first + count] = features[:, :count].T
    put_tokens(features, rows[first : first + count])
    np.testing.assert_array_equal(rows, expected)


@pytest.mark.parametrize("tokens", [[], [0], [3, 4, 9], [TOKENS - 1]])
def test_some_columns_are_taken_followed_by_zeros_and_put_back(normal, units, tokens):
    features, numbers = normal(units, TOKENS), np.array(tokens, np.int64)
    taken = np.full((units, len(tokens) + 2), np.nan, np.float32)
    take_columns(features, numbers, taken)
    expected = np.pad(features[:, tokens], [(0, 0), (0, 2)])
    np.testing.assert_array_equal(taken, expected)

    back = np.full_like(features, np.nan)
    put_columns(taken, numbers, back)
    is_taken = np.isin(np.arange(TOKENS), tokens)
    np.testing.assert_array_equal(back, np.where(is_taken, features, 0))
