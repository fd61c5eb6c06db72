"""Sinusoidal encodings of positions."""

from __future__ import annotations

import numpy as np


class PositionalEncoding:
    """Encodings of positions, computed as far as they are needed.

    Source: Vaswani et al., "Attention Is All You Need", 2017.
    """

    def __init__(self, units: int) -> None:
        """Starts without positions.

        Args:
            units: Number of units of an encoding.
        """
        self._units = units
        self._encoding = np.empty((units, 0), np.float32)

    def up_to(self, length: int) -> np.ndarray:
        """Sines at even units, cosines at odd ones, `[units, length or more]`."""
        encoding = self._encoding
        if encoding.shape[1] < length:
            units = np.arange(self._units)[:, np.newaxis]
            frequencies = np.power(10000.0, -2.0 * (units // 2) / self._units)
            angles = frequencies * np.arange(2 * length)
            encoding = np.where(units % 2 == 0, np.sin(angles), np.cos(angles))
            encoding = encoding.astype(np.float32)
            # A whole new array, so that other threads may go on using the old one.
            self._encoding = encoding
        return encoding
