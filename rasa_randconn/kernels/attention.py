"""Multi-head attention within each example, on real tokens only.

Activations lie features first: query, key and value below one another, heads one after
the other in each. The attention weights of all examples lie in one flat array: for
every example its heads, for every head `[queries, keys]`.

Inside, the weights of a head are a band `[offsets, tokens]`, see `attention_loops`.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.activations import exp_of_negative
from rasa_randconn.kernels.attention_loops import (
    OFFSETS,
    products_at_offsets,
    sums_over_offsets,
)
from rasa_randconn.kernels.compilation import compiled, inlined
from rasa_randconn.kernels.dropout import is_kept
from rasa_randconn.kernels.inner_loops import rows_of_one_loop
from rasa_randconn.kernels.relative_positions import (
    add_embedding_gradients,
    add_embeddings,
    add_products,
    relative_index,
)
from rasa_randconn.kernels.vectors import BYTES, LANES, address_of, whole_vectors

_MOST_OFFSETS = OFFSETS[0]
_MASKED_LOGIT = np.float32(-1e9)
# the polynomial of the exponential never reaches zero
_SMALLEST_WEIGHT = np.float32(1e-37)


@compiled
def attention(
    projected: np.ndarray,
    starts: np.ndarray,
    heads: int,
    unidirectional: bool,
    max_relative_position: int,
    key_embeddings: np.ndarray,
    value_embeddings: np.ndarray,
    seed: np.uint32,
    threshold: np.uint32,
    attention_weights: np.ndarray,
    outputs: np.ndarray,
) -> None:
    """Lets every token attend to those of its example.

    Args:
        projected: Query, key and value `[3 * units, tokens]`.
        starts: First token of every example, and the number of tokens at the end; any
            tokens behind it belong to nobody.
        heads: Number of heads.
        unidirectional: Whether keys ahead of the query are out of sight.
        max_relative_position: Distance beyond which relative positions are not told
            apart.
        key_embeddings: Of relative positions `[heads, distances, depth]`, with one
            head if all share them; without heads if there are none.
        value_embeddings: The same for values.
        seed: Seed of the dropout of keys.
        threshold: Random bits below it hide a key from a query.
        attention_weights: Gets the attention weights.
        outputs: Gets the attended values `[units, tokens]`.
    """
    units, tokens = outputs.shape
    depth = units // heads
    scale = np.float32(1.0 / np.sqrt(depth))
    zero_row = _longest(starts) - 1
    band = _empty_band(zero_row, tokens, unidirectional)
    first, last = _key_offsets(starts, tokens, unidirectional)
    ranges = _offsets_of_vectors(first, last)
    indices = _embedding_indices(band, zero_row, max_relative_position, unidirectional)
    for head in range(heads):
        queries = projected[head * depth : (head + 1) * depth]
        keys = projected[units + head * depth : units + (head + 1) * depth]
        _multiply_in_band(queries, keys, ranges, zero_row, band)
        if len(key_embeddings):
            embeddings = key_embeddings[head % len(key_embeddings)]
            add_products(queries, embeddings, indices, ranges, zero_row, band)
        band *= scale
        if threshold > 0:
            _hide_keys(
                starts, unidirectional, heads, head, zero_row, seed, threshold, band
            )
        _softmax(first, last, ranges, zero_row, band)
        _copy_weights(
            starts,
            unidirectional,
            heads,
            head,
            zero_row,
            False,
            attention_weights,
            band,
        )
        values = projected[2 * units + head * depth : 2 * units + (head + 1) * depth]
        attended = outputs[head * depth : (head + 1) * depth]
        _sum_up(band, values, ranges, zero_row, False, attended)
        if len(value_embeddings):
            embeddings = value_embeddings[head % len(value_embeddings)]
            add_embeddings(band, embeddings, indices, attended)


@compiled
def attention_backward(
    gradients: np.ndarray,
    projected: np.ndarray,
    starts: np.ndarray,
    heads: int,
    unidirectional: bool,
    max_relative_position: int,
    key_embeddings: np.ndarray,
    value_embeddings: np.ndarray,
    attention_weights: np.ndarray,
    projected_gradients: np.ndarray,
    key_embeddings_gradient: np.ndarray,
    value_embeddings_gradient: np.ndarray,
) -> None:
    """Gradients of `attention`.

    Args:
        gradients: Of the attended values `[units, tokens]`.
        projected: As for `attention`, like the arguments up to `attention_weights`.
        starts: First token of every example, and the number of tokens at the end.
        heads: Number of heads.
        unidirectional: Whether keys ahead of the query are out of sight.
        max_relative_position: Distance beyond which relative positions are not told
            apart.
        key_embeddings: Of relative positions.
        value_embeddings: Of relative positions.
        attention_weights: As `attention` left them.
        projected_gradients: Gets the gradients of query, key and value.
        key_embeddings_gradient: The gradient of `key_embeddings` is added to it.
        value_embeddings_gradient: The gradient of `value_embeddings` is added to it.
    """
    units, tokens = gradients.shape
    depth = units // heads
    scale = np.float32(1.0 / np.sqrt(depth))
    zero_row = _longest(starts) - 1
    weights = _empty_band(zero_row, tokens, unidirectional)
    logit_gradients = np.zeros_like(weights)
    first, last = _key_offsets(starts, tokens, unidirectional)
    ranges = _offsets_of_vectors(first, last)
    seen_first, seen_last = _query_offsets(starts, tokens, unidirectional)
    seen_ranges = _offsets_of_vectors(seen_first, seen_last)
    indices = _embedding_indices(
        weights, zero_row, max_relative_position, unidirectional
    )
    for head in range(heads):
        query_rows = slice(head * depth, (head + 1) * depth)
        key_rows = slice(units + head * depth, units + (head + 1) * depth)
        value_rows = slice(2 * units + head * depth, 2 * units + (head + 1) * depth)
        queries, keys = projected[query_rows], projected[key_rows]
        values = projected[value_rows]
        attended = gradients[query_rows]
        query_gradients = projected_gradients[query_rows]

        _copy_weights(
            starts,
            unidirectional,
            heads,
            head,
            zero_row,
            True,
            attention_weights,
            weights,
        )
        _multiply_in_band(attended, values, ranges, zero_row, logit_gradients)
        if len(value_embeddings):
            one = head % len(value_embeddings)
            embeddings = value_embeddings[one]
            add_products(
                attended, embeddings, indices, ranges, zero_row, logit_gradients
            )
            add_embedding_gradients(
                weights, attended, indices, value_embeddings_gradient[one]
            )
        _softmax_backward(weights, ranges, zero_row, scale, logit_gradients)

        _sum_up(logit_gradients, keys, ranges, zero_row, False, query_gradients)
        if len(key_embeddings):
            one = head % len(key_embeddings)
            add_embeddings(
                logit_gradients, key_embeddings[one], indices, query_gradients
            )
            add_embedding_gradients(
                logit_gradients, queries, indices, key_embeddings_gradient[one]
            )
        _sum_up(
            logit_gradients,
            queries,
            seen_ranges,
            zero_row,
            True,
            projected_gradients[key_rows],
        )
        _sum_up(
            weights,
            attended,
            seen_ranges,
            zero_row,
            True,
            projected_gradients[value_rows],
        )


@inlined
def _key_offsets(starts: np.ndarray, tokens: int, unidirectional: bool) -> tuple:
    """The offsets of the first and last key that each token sees.

    Both are filled up to whole vectors. Who belongs to nobody sees nothing: the last
    offset is below the first.
    """
    first = np.ones(whole_vectors(tokens), np.int32)
    last = np.zeros(whole_vectors(tokens), np.int32)
    for example in range(len(starts) - 1):
        start, end = starts[example], starts[example + 1]
        for token in range(start, end):
            first[token] = start - token
            last[token] = 0 if unidirectional else end - 1 - token
    return first, last


@inlined
def _query_offsets(starts: np.ndarray, tokens: int, unidirectional: bool) -> tuple:
    """The offsets at which each token is seen, first and last (see `_key_offsets`)."""
    first, last = _key_offsets(starts, tokens, False)
    # who looks ahead at a token is behind it, and the other way round
    seen_last = np.minimum(-first, np.int32(0)) if unidirectional else -first
    return -last, seen_last


@inlined
def _longest(starts: np.ndarray) -> int:
    """Number of tokens of the longest example."""
    longest = 1
    for example in range(len(starts) - 1):
        longest = max(longest, starts[example + 1] - starts[example])
    return longest


@inlined
def _empty_band(zero_row: int, tokens: int, unidirectional: bool) -> np.ndarray:
    """A band of zeros, with a vector of zeros before and after the tokens.

    Args:
        zero_row: The row of offset 0; below it are those of the past, `zero_row` many.
        tokens: Number of tokens.
        unidirectional: Whether there are no rows of the future.
    """
    offsets = zero_row + 1 if unidirectional else 2 * zero_row + 1
    return np.zeros((offsets, whole_vectors(tokens) + 2 * LANES), np.float32)


@inlined
def _offsets_of_vectors(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Smallest and largest offset of any token of a vector `[vectors, 2]`.

    They are 1 and 0 if its tokens are all empty.
    """
    ranges = np.empty((len(first) // LANES, 2), np.int64)
    for vector in range(len(ranges)):
        smallest, largest = 1, 0
        for token in range(vector * LANES, (vector + 1) * LANES):
            if first[token] <= last[token]:
                smallest = min(smallest, first[token])
                largest = max(largest, last[token])
        ranges[vector] = smallest, largest
    return ranges


@inlined
def _embedding_indices(
    band: np.ndarray, zero_row: int, max_relative_position: int, unidirectional: bool
) -> np.ndarray:
    """Which relative embedding belongs to every row of a band."""
    indices = np.empty(len(band), np.int64)
    for row in range(len(band)):
        indices[row] = relative_index(
            row - zero_row, max_relative_position, unidirectional
        )
    return indices


@inlined
def _multiply_in_band(
    queries: np.ndarray,
    keys: np.ndarray,
    ranges: np.ndarray,
    zero_row: int,
    band: np.ndarray,
) -> None:
    """Multiplies every query with the keys in sight, and with some others."""
    depth, tokens = queries.shape
    row_length = BYTES * band.shape[1]
    for token in range(0, tokens, LANES):
        lowest, highest = ranges[token // LANES]
        offset = lowest
        while offset <= highest:
            number = _MOST_OFFSETS if offset + _MOST_OFFSETS - 1 <= highest else 1
            row = address_of(band) + (zero_row + offset) * row_length
            products_at_offsets(
                number,
                address_of(queries) + BYTES * token,
                tokens - token,
                address_of(keys),
                token + offset,
                tokens,
                depth,
                row + BYTES * (LANES + token),
                band.shape[1],
            )
            offset += number


@inlined
def _softmax(
    first: np.ndarray,
    last: np.ndarray,
    ranges: np.ndarray,
    zero_row: int,
    band: np.ndarray,
) -> None:
    """Turns logits into weights, which are zero for keys out of sight."""
    largest = np.empty(LANES, np.float32)
    total = np.empty(LANES, np.float32)
    for token in range(0, len(first), LANES):
        lowest, highest = ranges[token // LANES]
        largest[:] = -np.inf
        total[:] = 0.0
        start, stop = first[token : token + LANES], last[token : token + LANES]
        for offset in range(lowest, highest + 1):
            row = band[zero_row + offset, LANES + token : 2 * LANES + token]
            for lane in range(LANES):
                is_seen = start[lane] <= offset <= stop[lane]
                row[lane] = row[lane] if is_seen else -np.inf
                largest[lane] = max(largest[lane], row[lane])
        for offset in range(lowest, highest + 1):
            row = band[zero_row + offset, LANES + token : 2 * LANES + token]
            for lane in range(LANES):
                is_seen = start[lane] <= offset <= stop[lane]
                weight = exp_of_negative(row[lane] - largest[lane])
                weight = weight if is_seen else np.float32(0.0)
                weight = np.float32(0.0) if weight < _SMALLEST_WEIGHT else weight
                row[lane] = weight
                total[lane] += weight
        for offset in range(lowest, highest + 1):
            row = band[zero_row + offset, LANES + token : 2 * LANES + token]
            for lane in range(LANES):
                is_seen = start[lane] <= offset <= stop[lane]
                row[lane] = row[lane] / total[lane] if is_seen else np.float32(0.0)


@inlined
def _softmax_backward(
    weights: np.ndarray,
    ranges: np.ndarray,
    zero_row: int,
    scale: np.float32,
    logit_gradients: np.ndarray,
) -> None:
    """Turns gradients of weights into those of products, zero for keys out of sight."""
    mean = np.empty(LANES, np.float32)
    for vector in range(len(ranges)):
        token = vector * LANES
        lowest, highest = ranges[vector]
        mean[:] = 0.0
        for offset in range(lowest, highest + 1):
            weight = weights[zero_row + offset, LANES + token : 2 * LANES + token]
            gradient = logit_gradients[
                zero_row + offset, LANES + token : 2 * LANES + token
            ]
            for lane in range(LANES):
                is_used = weight[lane] != 0.0
                gradient[lane] = gradient[lane] if is_used else np.float32(0.0)
                mean[lane] += weight[lane] * gradient[lane]
        for offset in range(lowest, highest + 1):
            weight = weights[zero_row + offset, LANES + token : 2 * LANES + token]
            gradient = logit_gradients[
                zero_row + offset, LANES + token : 2 * LANES + token
            ]
            for lane in range(LANES):
                gradient[lane] = weight[lane] * (gradient[lane] - mean[lane]) * scale


@inlined
def _sum_up(
    band: np.ndarray,
    values: np.ndarray,
    ranges: np.ndarray,
    zero_row: int,
    is_for_keys: bool,
    outputs: np.ndarray,
) -> None:
    """Gives every query the weighted sum of the values in its sight.

    Args:
        band: The weights.
        values: `[depth, tokens]`.
        ranges: First and last offset of every vector of tokens.
        zero_row: The row of offset 0.
        is_for_keys: Whether it is the keys that get sums, of what belongs to the
            queries that see them; a query lies an offset before its key.
        outputs: Gets the sums `[depth, tokens]`.
    """
    depth, tokens = values.shape
    direction = -1 if is_for_keys else 1
    # from one offset to the next, the queries move by so much
    shift = -1 if is_for_keys else 0
    for token in range(0, tokens, LANES):
        lowest, highest = ranges[token // LANES]
        query = token + shift * lowest
        place = (zero_row + lowest) * band.shape[1] + LANES + query
        row = 0
        while row < depth:
            number = rows_of_one_loop(depth - row)
            sums_over_offsets(
                number,
                address_of(band) + BYTES * place,
                band.shape[1] + shift,
                address_of(values) + BYTES * row * tokens,
                token + direction * lowest,
                direction,
                highest - lowest + 1,
                tokens,
                address_of(outputs) + BYTES * (row * tokens + token),
                tokens - token,
            )
            row += number


@inlined
def _copy_weights(
    starts: np.ndarray,
    unidirectional: bool,
    heads: int,
    head: int,
    zero_row: int,
    is_into_band: bool,
    flat: np.ndarray,
    band: np.ndarray,
) -> None:
    """Copies the weights of a head between the flat array of all heads and its band."""
    first_of_example = 0
    for example in range(len(starts) - 1):
        start, end = starts[example], starts[example + 1]
        pairs = (end - start) ** 2
        place = first_of_example + head * pairs
        first_of_example += heads * pairs
        for query in range(start, end):
            for key in range(start, end):
                if unidirectional and key > query:
                    if not is_into_band:
                        flat[place] = 0.0
                elif is_into_band:
                    band[zero_row + key - query, LANES + query] = flat[place]
                else:
                    flat[place] = band[zero_row + key - query, LANES + query]
                place += 1


@inlined
def _hide_keys(
    starts: np.ndarray,
    unidirectional: bool,
    heads: int,
    head: int,
    zero_row: int,
    seed: np.uint32,
    threshold: np.uint32,
    band: np.ndarray,
) -> None:
    """Dropout of keys: lowers the logits of those that a query shall not see."""
    first_of_example = 0
    for example in range(len(starts) - 1):
        start, end = starts[example], starts[example + 1]
        pairs = (end - start) ** 2
        place = first_of_example + head * pairs
        first_of_example += heads * pairs
        for query in range(start, end):
            for key in range(start, end):
                is_seen = key <= query or not unidirectional
                if is_seen and not is_kept(place, seed, threshold):
                    band[zero_row + key - query, LANES + query] = _MASKED_LOGIT
                place += 1
