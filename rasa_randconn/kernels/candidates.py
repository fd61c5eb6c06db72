"""Similarities of each vector with its own candidates."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled


@compiled
def similarities(
    vectors: np.ndarray, others: np.ndarray, candidates: np.ndarray, outputs: np.ndarray
) -> None:
    """Computes the dot products of each vector with its candidates.

    Args:
        vectors: `[vectors, units]`.
        others: `[others, units]`.
        candidates: Indices into `others` `[vectors, candidates]`.
        outputs: Output: the products `[vectors, candidates]`.
    """
    for i in range(len(vectors)):
        for k in range(candidates.shape[1]):
            other = candidates[i, k]
            product = np.float32(0.0)
            for unit in range(vectors.shape[1]):
                product += vectors[i, unit] * others[other, unit]
            outputs[i, k] = product


@compiled
def similarities_backward(
    vectors: np.ndarray,
    others: np.ndarray,
    candidates: np.ndarray,
    gradients: np.ndarray,
    vector_gradients: np.ndarray,
    other_gradients: np.ndarray,
) -> None:
    """Adds the gradients of `similarities`.

    Args:
        vectors: `[vectors, units]`.
        others: `[others, units]`.
        candidates: Indices into `others` `[vectors, candidates]`.
        gradients: Gradients with respect to the products `[vectors, candidates]`.
        vector_gradients: Output: the gradients with respect to the vectors are added to
            it.
        other_gradients: Output: the gradients with respect to the others are added to
            it; may be the same array as `vector_gradients`.
    """
    for i in range(len(vectors)):
        for k in range(candidates.shape[1]):
            other = candidates[i, k]
            gradient = gradients[i, k]
            for unit in range(vectors.shape[1]):
                vector_gradients[i, unit] += gradient * others[other, unit]
                other_gradients[other, unit] += gradient * vectors[i, unit]
