"""Cross entropy of decisions that are independent of each other."""

from __future__ import annotations

from typing import Tuple

import numpy as np


def sigmoid_cross_entropy(
    logits: np.ndarray, expected: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """Losses of decisions between yes and no, without overflow.

    Args:
        logits: Of yes, in any shape.
        expected: Whether it should be yes, of the same shape.

    Returns:
        Losses, and the probabilities of yes. The gradient of a loss by its logit is the
        probability less what is expected.
    """
    below = np.exp(-np.abs(logits))
    losses = np.maximum(logits, 0) + np.log1p(below) - logits * expected
    return losses, np.where(logits >= 0, 1, below) / (1 + below)
