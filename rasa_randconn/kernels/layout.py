"""Transposes tokens between batches `[tokens, units]` and kernels `[units, tokens]`.

Tokens are copied in blocks, so that both sides stay in the cache.
"""

from __future__ import annotations

from rasa_randconn.kernels.array_types import Floats1, Floats2, Integers1
from rasa_randconn.kernels.compilation import compiled

_BLOCK = 16


@compiled
def clear(numbers: Floats1) -> None:
    """Sets all numbers to zero.

    Args:
        numbers: Output: the zeros.
    """
    for i in range(len(numbers)):
        numbers[i] = 0.0


@compiled
def take_tokens(rows: Floats2, features: Floats2) -> None:
    """Transposes tokens.

    Args:
        rows: `[count, units]`.
        features: Output: the tokens `[units, tokens]`; columns beyond `count` become
            zero.
    """
    count = rows.shape[0]
    units = features.shape[0]
    for start in range(0, count, _BLOCK):
        end = min(start + _BLOCK, count)
        for token in range(start, end):
            row = rows[token]
            for unit in range(units):
                features[unit, token] = row[unit]
    features[:, count:] = 0.0


@compiled
def put_tokens(features: Floats2, rows: Floats2) -> None:
    """Transposes tokens back.

    Args:
        features: `[units, tokens]`.
        rows: Output: the first columns of these as rows `[count, units]`.
    """
    count = rows.shape[0]
    units = features.shape[0]
    for start in range(0, count, _BLOCK):
        end = min(start + _BLOCK, count)
        for token in range(start, end):
            row = rows[token]
            for unit in range(units):
                row[unit] = features[unit, token]


@compiled
def take_columns(features: Floats2, tokens: Integers1, taken: Floats2) -> None:
    """Gathers some tokens of `[units, tokens]`.

    Args:
        features: `[units, tokens]`.
        tokens: Indices of the tokens to gather.
        taken: Output: these tokens `[units, tokens]`; columns beyond them become zero.
    """
    count = len(tokens)
    for unit in range(taken.shape[0]):
        for i in range(count):
            taken[unit, i] = features[unit, tokens[i]]
        for i in range(count, taken.shape[1]):
            taken[unit, i] = 0.0


@compiled
def put_columns(taken: Floats2, tokens: Integers1, features: Floats2) -> None:
    """Scatters tokens back to their columns, the reverse of `take_columns`.

    Args:
        taken: Gathered tokens `[units, tokens]`.
        tokens: Indices of these tokens.
        features: Output: `[units, tokens]`; all other tokens become zero.
    """
    features[:, :] = 0.0
    for unit in range(features.shape[0]):
        for i in range(len(tokens)):
            features[unit, tokens[i]] = taken[unit, i]
