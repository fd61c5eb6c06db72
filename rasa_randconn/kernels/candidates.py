"""Similarities of vectors with some candidates each."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled


@compiled
def similarities(
    vectors: np.ndarray, others: np.ndarray, candidates: np.ndarray, result: np.ndarray
) -> None:
    """Products of every vector with its candidates among others.

    Args:
        vectors: `[vectors, units]`.
        others: `[others, units]`.
        candidates: Numbers of the candidates `[vectors, candidates]`.
        result: Gets the products `[vectors, candidates]`.
    """
    for i in range(len(vectors)):
        for k in range(candidates.shape[1]):
            other = candidates[i, k]
            product = np.float32(0.0)
            for unit in range(vectors.shape[1]):
                product += vectors[i, unit] * others[other, unit]
            result[i, k] = product


@compiled
def similarities_backward(
    vectors: np.ndarray,
    others: np.ndarray,
    candidates: np.ndarray,
    gradients: np.ndarray,
    vector_gradients: np.ndarray,
    other_gradients: np.ndarray,
) -> None:
    """Adds the gradients of the vectors and the others of `similarities`.

    Args:
        vectors: `[vectors, units]`.
        others: `[others, units]`.
        candidates: Numbers of the candidates `[vectors, candidates]`.
        gradients: Of the products.
        vector_gradients: Added to.
        other_gradients: Added to.
    """
    for i in range(len(vectors)):
        for k in range(candidates.shape[1]):
            other = candidates[i, k]
            gradient = gradients[i, k]
            for unit in range(vectors.shape[1]):
                vector_gradients[i, unit] += gradient * others[other, unit]
                other_gradients[other, unit] += gradient * vectors[i, unit]


@compiled
def scatter_add(rows: np.ndarray, places: np.ndarray, result: np.ndarray) -> None:
    """Adds every row to the one at its place.

    Args:
        rows: `[rows, units]`.
        places: A row of the result for every row.
        result: `[others, units]`, changed in place.
    """
    for i in range(len(rows)):
        for unit in range(rows.shape[1]):
            result[places[i], unit] += rows[i, unit]
