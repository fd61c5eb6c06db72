"""Cross entropy of independent binary decisions."""

from __future__ import annotations

from typing import Tuple

import numpy as np


def sigmoid_cross_entropy(
    logits: np.ndarray, expected: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """Computes the cross entropy of sigmoids, without overflow.

    Args:
        logits: Logits, in any shape.
        expected: The labels, 0 or 1, of the same shape.

    Returns:
        Losses and probabilities. The gradient of a loss with respect to its logit is
        the probability minus the label.
    """
    below = np.exp(-np.abs(logits))
    losses = np.maximum(logits, 0) + np.log1p(below) - logits * expected
    return losses, np.where(logits >= 0, 1, below) / (1 + below)
