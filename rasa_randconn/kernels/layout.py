"""Moving tokens between batches and the layout of the kernels.

Tokens are moved in blocks, so that both sides stay in the cache.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled

_BLOCK = 16


@compiled
def take_tokens(rows: np.ndarray, first: int, count: int, features: np.ndarray) -> None:
    """Takes tokens out of a batch, features first.

    Args:
        rows: All tokens `[tokens of the batch, units]`.
        first: The first token to take.
        count: Number of tokens to take.
        features: Gets them `[units, tokens]`; what is left becomes zero.
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
    """Puts tokens back into a batch (arguments as for `take_tokens`)."""
    units = features.shape[0]
    for start in range(0, count, _BLOCK):
        end = min(start + _BLOCK, count)
        for token in range(start, end):
            row = rows[first + token]
            for unit in range(units):
                row[unit] = features[unit, token]


@compiled
def take_columns(features: np.ndarray, tokens: np.ndarray, taken: np.ndarray) -> None:
    """Takes some tokens of activations that lie features first.

    Args:
        features: `[units, tokens]`.
        tokens: The tokens to take.
        taken: Gets them `[units, tokens]`; what is left becomes zero.
    """
    count = len(tokens)
    for unit in range(taken.shape[0]):
        for i in range(count):
            taken[unit, i] = features[unit, tokens[i]]
        for i in range(count, taken.shape[1]):
            taken[unit, i] = 0.0


@compiled
def put_columns(taken: np.ndarray, tokens: np.ndarray, features: np.ndarray) -> None:
    """Puts tokens back in place; all others become zero (see `take_columns`)."""
    features[:, :] = 0.0
    for unit in range(features.shape[0]):
        for i in range(len(tokens)):
            features[unit, tokens[i]] = taken[unit, i]
