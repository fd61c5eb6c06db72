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
