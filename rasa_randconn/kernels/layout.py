"""Moving tokens between padded batches and the layout of the kernels.

Tokens are moved in blocks, so that both sides stay in the cache.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled

_BLOCK = 16


@compiled
def pack(
    padded: np.ndarray, examples: np.ndarray, positions: np.ndarray, packed: np.ndarray
) -> None:
    """Takes real tokens out of a padded batch, features first.

    Args:
        padded: `[batch, length, units]`.
        examples: Batch index of every token.
        positions: Position of every token in its example.
        packed: Gets the tokens `[units, tokens]`; what is left becomes zero.
    """
    units = packed.shape[0]
    for start in range(0, len(examples), _BLOCK):
        end = min(start + _BLOCK, len(examples))
        for token in range(start, end):
            row = padded[examples[token], positions[token]]
            for unit in range(units):
                packed[unit, token] = row[unit]
    packed[:, len(examples) :] = 0.0


@compiled
def spread(
    packed: np.ndarray, examples: np.ndarray, positions: np.ndarray, padded: np.ndarray
) -> None:
    """Puts real tokens back into a padded batch (arguments as for `pack`)."""
    units = packed.shape[0]
    for start in range(0, len(examples), _BLOCK):
        end = min(start + _BLOCK, len(examples))
        for token in range(start, end):
            row = padded[examples[token], positions[token]]
            for unit in range(units):
                row[unit] = packed[unit, token]
