"""Multi-head attention within each example, on real tokens only.

Query, key and value of a token lie side by side, `[tokens, 3 * units]`, heads one after
the other in each. The probabilities of all examples lie in one flat array: for every
example its heads, for every head `[queries, keys]`.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.activations import exp_of_negative
from rasa_randconn.kernels.compilation import compiled
from rasa_randconn.kernels.dropout import is_kept


@compiled
def relative_index(query: int, key: int, farthest: int, unidirectional: bool) -> int:
    """Which relative embedding belongs to two positions (Shaw et al., 2018).

    The distance from query to key is cut off at `farthest`. Embeddings are counted from
    the farthest past on; without a future, keys ahead share that of the present.
    """
    distance = max(key - query, -farthest)
    return min(distance, 0 if unidirectional else farthest) + farthest


@compiled
def attention(
    projected: np.ndarray,
    starts: np.ndarray,
    positions: np.ndarray,
    heads: int,
    unidirectional: bool,
    farthest: int,
    key_embeddings: np.ndarray,
    value_embeddings: np.ndarray,
    seed: np.uint32,
    threshold: np.uint32,
    probabilities: np.ndarray,
    outputs: np.ndarray,
) -> None:
    """Lets every token attend to those of its example.

    Args:
        projected: Query, key and value `[tokens, 3 * units]`.
        starts: First token of every example, and the number of tokens at the end.
        positions: Position of every token in its example.
        heads: Number of heads.
        unidirectional: Whether keys ahead of the query are out of sight.
        farthest: Distance beyond which relative positions are not told apart.
        key_embeddings: Of relative positions `[heads, distances, depth]`, with one
            head if all share them; without heads if there are none.
        value_embeddings: The same for values.
        seed: Seed of the dropout of keys.
        threshold: Random bits below it hide a key from a query.
        probabilities: Gets the attention weights.
        outputs: Gets the attended values `[tokens, units]`.
    """
    units = outputs.shape[1]
    depth = units // heads
    scale = np.float32(1.0 / np.sqrt(depth))
    hidden = np.float32(-1e9)
    place = 0
    for example in range(len(starts) - 1):
        start, end = starts[example], starts[example + 1]
        length = end - start
        for head in range(heads):
            first = head * depth
            for i in range(length):
                query = projected[start + i, first : first + depth]
                weights = probabilities[place : place + length]
                here = positions[start + i]
                largest = np.float32(-np.inf)
                for j in range(length):
                    there = positions[start + j]
                    if unidirectional and there > here:
                        weights[j] = -np.inf
                        continue
                    key = projected[start + j, units + first : units + first + depth]
                    logit = np.float32(0.0)
                    for k in range(depth):
                        logit += query[k] * key[k]
                    if len(key_embeddings):
                        embedding = key_embeddings[
                            head % len(key_embeddings),
                            relative_index(here, there, farthest, unidirectional),
                        ]
                        for k in range(depth):
                            logit += query[k] * embedding[k]
                    logit *= scale
                    if not is_kept(place + j, seed, threshold):
                        logit = hidden
                    weights[j] = logit
                    largest = max(largest, logit)
                total = np.float32(0.0)
                for j in range(length):
                    if weights[j] == -np.inf:
                        weights[j] = 0.0
                    else:
                        weights[j] = exp_of_negative(weights[j] - largest)
                        # the polynomial never reaches zero
                        if weights[j] < np.float32(1e-37):
                            weights[j] = 0.0
                    total += weights[j]
                attended = outputs[start + i, first : first + depth]
                attended[:] = 0.0
                for j in range(length):
                    weights[j] /= total
                    weight = weights[j]
                    if weight == 0.0:
                        continue
                    value = projected[
                        start + j, 2 * units + first : 2 * units + first + depth
                    ]
                    for k in range(depth):
                        attended[k] += weight * value[k]
                    if len(value_embeddings):
                        embedding = value_embeddings[
                            head % len(value_embeddings),
                            relative_index(
                                here, positions[start + j], farthest, unidirectional
                            ),
                        ]
                        for k in range(depth):
                            attended[k] += weight * embedding[k]
                place += length


@compiled
def attention_backward(
    gradients: np.ndarray,
    probability_gradients: np.ndarray,
    projected: np.ndarray,
    starts: np.ndarray,
    positions: np.ndarray,
    heads: int,
    unidirectional: bool,
    farthest: int,
    key_embeddings: np.ndarray,
    value_embeddings: np.ndarray,
    probabilities: np.ndarray,
    projected_gradients: np.ndarray,
    key_embeddings_gradient: np.ndarray,
    value_embeddings_gradient: np.ndarray,
) -> None:
    """Gradients of `attention`.

    Args:
        gradients: Of the attended values `[tokens, units]`.
        probability_gradients: Of the attention weights; empty if they are not used.
        projected: As for `attention`, like the arguments up to `probabilities`.
        starts: First token of every example, and the number of tokens at the end.
        positions: Position of every token in its example.
        heads: Number of heads.
        unidirectional: Whether keys ahead of the query are out of sight.
        farthest: Distance beyond which relative positions are not told apart.
        key_embeddings: Of relative positions.
        value_embeddings: Of relative positions.
        probabilities: As `attention` left them.
        projected_gradients: Gets the gradients of query, key and value.
        key_embeddings_gradient: The gradient of `key_embeddings` is added to it.
        value_embeddings_gradient: The gradient of `value_embeddings` is added to it.
    """
    units = gradients.shape[1]
    depth = units // heads
    scale = np.float32(1.0 / np.sqrt(depth))
    projected_gradients[:, :] = 0.0
    longest = 0
    for example in range(len(starts) - 1):
        longest = max(longest, starts[example + 1] - starts[example])
    weight_gradients = np.empty(longest, np.float32)
    place = 0
    for example in range(len(starts) - 1):
        start, end = starts[example], starts[example + 1]
        length = end - start
        for head in range(heads):
            first = head * depth
            for i in range(length):
                gradient = gradients[start + i, first : first + depth]
                weights = probabilities[place : place + length]
                here = positions[start + i]
                mean = np.float32(0.0)
                for j in range(length):
                    weight = weights[j]
                    if weight == 0.0:
                        weight_gradients[j] = 0.0
                        continue
                    values = slice(2 * units + first, 2 * units + first + depth)
                    value = projected[start + j, values]
                    value_gradient = projected_gradients[start + j, values]
                    weight_gradient = np.float32(0.0)
                    for k in range(depth):
                        weight_gradient += gradient[k] * value[k]
                        value_gradient[k] += weight * gradient[k]
                    if len(value_embeddings):
                        index = relative_index(
                            here, positions[start + j], farthest, unidirectional
                        )
                        embedding = value_embeddings[
                            head % len(value_embeddings), index
                        ]
                        embedding_gradient = value_embeddings_gradient[
                            head % len(value_embeddings), index
                        ]
                        for k in range(depth):
                            weight_gradient += gradient[k] * embedding[k]
                            embedding_gradient[k] += weight * gradient[k]
                    if len(probability_gradients):
                        weight_gradient += probability_gradients[place + j]
                    weight_gradients[j] = weight_gradient
                    mean += weight * weight_gradient
                query = projected[start + i, first : first + depth]
                query_gradient = projected_gradients[start + i, first : first + depth]
                for j in range(length):
                    if weights[j] == 0.0:
                        continue
                    logit_gradient = weights[j] * (weight_gradients[j] - mean) * scale
                    keys = slice(units + first, units + first + depth)
                    key = projected[start + j, keys]
                    key_gradient = projected_gradients[start + j, keys]
                    for k in range(depth):
                        query_gradient[k] += logit_gradient * key[k]
                        key_gradient[k] += logit_gradient * query[k]
                    if len(key_embeddings):
                        index = relative_index(
                            here, positions[start + j], farthest, unidirectional
                        )
                        embedding = key_embeddings[head % len(key_embeddings), index]
                        embedding_gradient = key_embeddings_gradient[
                            head % len(key_embeddings), index
                        ]
                        for k in range(depth):
                            query_gradient[k] += logit_gradient * embedding[k]
                            embedding_gradient[k] += logit_gradient * query[k]
                place += length
