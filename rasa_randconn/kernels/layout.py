"""Transposes tokens between batches `[tokens, units]` and kernels `[units, tokens]`.

Tokens are copied in blocks, so that both sides stay in the cache.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled

_BLOCK = 16


@compiled
def take_tokens(rows: np.ndarray, first: int, count: int, features: np.ndarray) -> None:
    """Copies consecutive tokens of a batch into an array `[units, tokens]`.

    Args:
        rows: All tokens of the batch `[tokens of the batch, units]`.
        first: The first token to copy.
        count: Number of tokens to copy.
        features: Output: the tokens `[units, tokens]`; columns beyond `count` become
            zero.
    """
    units = features.shape[0]
    for start in range(0, count, _BLOCK):
        end = min(start + _BLOCK, count)
        for token in range(start, end):
            row = rows[first + token]
            for unit in range(units):
                features[unit, token] = row[unit]
    features[:, count:] = 0.0


@compiled
def put_tokens(features: np.ndarray, first: int, count: int, rows: np.ndarray) -> None:
    """Copies tokens back into a batch.

    Args:
        features: `[units, tokens]`.
        first: Where the first token goes.
        count: Number of tokens to copy.
        rows: Output: the batch `[tokens of the batch, units]`; other tokens stay.
    """
    units = features.shape[0]
    for start in range(0, count, _BLOCK):
        end = min(start + _BLOCK, count)
        for token in range(start, end):
            row = rows[first + token]
            for unit in range(units):
                row[unit] = features[unit, token]


@compiled
def take_columns(features: np.ndarray, tokens: np.ndarray, taken: np.ndarray) -> None:
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
def put_columns(taken: np.ndarray, tokens: np.ndarray, features: np.ndarray) -> None:
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
