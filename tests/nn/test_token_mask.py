"""Tokens are masked as often, and in the ways, that BERT's are."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.autodiff import Value
from rasa_randconn.nn.token_mask import TokenMask

UNITS, ROWS = 3, 20_000


@pytest.fixture
def mask(make_parameters):
    return TokenMask(UNITS, make_parameters(), "mask")


@pytest.fixture
def rows(normal):
    return Value(normal(ROWS, UNITS))


@pytest.fixture
def is_token():
    """Every fifth row is a sentence's."""
    return np.arange(ROWS) % 5 != 4


def test_some_tokens_are_masked_some_exchanged_and_some_stay(
    mask, rows, is_token, in_training
):
    outputs, is_chosen = mask(in_training(), rows, is_token)
    assert not is_chosen[~is_token].any()
    assert abs(is_chosen[is_token].mean() - 0.15) < 0.01
    is_same = (outputs.array == rows.array).all(axis=1)
    assert is_same[~is_chosen].all()
    is_masked = (outputs.array == mask._vector.array[0, 0]).all(axis=1)
    assert abs(is_masked[is_chosen].mean() - 0.7) < 0.03
    is_exchanged = is_chosen & ~is_masked & ~is_same
    assert abs(is_exchanged[is_chosen].mean() - 0.1) < 0.03
    known = {row.tobytes() for row in rows.array}
    assert all(row.tobytes() in known for row in outputs.array[is_exchanged])


def test_every_pass_chooses_others(mask, rows, is_token, in_training):
    tape = in_training()
    first, second = (mask(tape, rows, is_token)[1] for _ in range(2))
    assert (first != second).any()


def test_only_the_mask_and_rows_that_stay_get_gradients(
    mask, rows, is_token, in_training, normal
):
    tape = in_training()
    outputs, _ = mask(tape, rows, is_token)
    gradients = normal(ROWS, UNITS)
    outputs.add_gradient(gradients)
    tape.backward()
    is_same = (outputs.array == rows.array).all(axis=1)
    expected = gradients * is_same[:, np.newaxis]
    np.testing.assert_array_equal(rows.gradient, expected)
    is_masked = (outputs.array == mask._vector.array[0, 0]).all(axis=1)
    np.testing.assert_allclose(
        mask._vector.gradient[0, 0], gradients[is_masked].sum(axis=0), rtol=1e-3
    )
    assert mask._vector.gradient.shape == (1, 1, UNITS)
