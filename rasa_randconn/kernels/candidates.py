"""Similarities of each vector with its own candidates."""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.array_types import Floats2, Integers2
from rasa_randconn.kernels.compilation import compiled


@compiled
def similarities(
    vectors: Floats2, others: Floats2, candidates: Integers2, outputs: Floats2
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
    vectors: Floats2,
    others: Floats2,
    candidates: Integers2,
    gradients: Floats2,
    vector_gradients: Floats2,
    other_gradients: Floats2,
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
