"""Reduces the weight of examples that the model has learnt already."""

from __future__ import annotations

import numpy as np


def scaling_factors(log_likelihoods: np.ndarray) -> np.ndarray:
    """Factors of the losses of examples, constant for the gradient.

    Args:
        log_likelihoods: Of what is right, in any shape.

    Returns:
        Factors of the same shape: 1 if no example has a likelihood above a half, else
        they fall with the likelihood, to 0 where it is 1.

    Source: the option `scale_loss` of Rasa.
    """
    probabilities = np.exp(log_likelihoods)
    if probabilities.max(initial=0.0) <= 0.5:
        return np.ones_like(probabilities)
    return np.asarray(((1 - probabilities) / 0.5) ** 4)
