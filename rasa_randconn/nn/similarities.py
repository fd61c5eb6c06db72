"""Similarities of embeddings, and confidences."""

from __future__ import annotations

from typing import Tuple

import numpy as np

_SMALLEST_SQUARE = np.float32(1e-12)


def similarities_and_confidences(
    inputs: np.ndarray, labels: np.ndarray, is_cosine: bool, is_softmax: bool
) -> Tuple[np.ndarray, np.ndarray]:
    """Compares every input with every label.

    Args:
        inputs: Embeddings `[inputs, units]`.
        labels: Embeddings `[labels, units]`.
        is_cosine: Whether similarities are cosines; else they are inner products.
        is_softmax: Whether confidences are the softmax of the similarities; else they
            are the similarities.

    Returns:
        Similarities and confidences `[inputs, labels]`.
    """
    if is_cosine:
        inputs, labels = normalized(inputs)[0], normalized(labels)[0]
    similarities = inputs @ labels.T
    return similarities, softmax(similarities) if is_softmax else similarities


def normalized(vectors: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Vectors scaled to length 1 `[vectors, units]`, and the factors of the scaling."""
    squares = np.square(vectors).sum(axis=-1, keepdims=True)
    inverse_norms = 1 / np.sqrt(np.maximum(squares, _SMALLEST_SQUARE))
    return vectors * inverse_norms, inverse_norms


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of the last axis."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))
