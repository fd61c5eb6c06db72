"""Multi-head attention within each example, without padding.

Activations are `[units, tokens]`: the units of all queries, then of all keys, then of
all values; within each, the heads one after the other. The tokens of all examples
follow one another. The attention weights of all examples are one flat array: for each
example its heads, for each head `[queries, keys]`.

Inside, the weights of one head are a band `[offsets, tokens]`: row `zero_row + offset`
holds, for each query, its weight for the key at `query + offset`. Each row has a vector
of zeros before and after the tokens. `docs/architecture.md` has a drawing.

Queries, keys and values of a head are copied between margins of zeros, so that every
offset from every token leads to a number: rows are `[depth, margin + tokens + margin]`.
The number of tokens is a multiple of the vector length.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.activations import exp_of_negative
from rasa_randconn.kernels.array_types import Floats1, Floats2, Floats3, Integers1
from rasa_randconn.kernels.attention_loops import (
    OFFSETS,
    products_at_offsets,
    sums_over_offsets,
)
from rasa_randconn.kernels.compilation import compiled, inlined, shared
from rasa_randconn.kernels.dropout import is_kept
from rasa_randconn.kernels.inner_loops import tile_rows
from rasa_randconn.kernels.relative_positions import (
    add_embedding_gradients,
    add_embeddings,
    add_products,
    relative_index,
)
from rasa_randconn.kernels.vectors import (
    BYTES,
    LANES,
    address_of,
    floats_at,
    whole_vectors,
)

_MAX_OFFSETS = OFFSETS[0]
_MASKED_LOGIT = np.float32(-1e9)
# `exp_of_negative` never returns zero; smaller weights become zero
_SMALLEST_WEIGHT = np.float32(1e-37)


@compiled
def attention(
    projected: Floats2,
    starts: Integers1,
    heads: int,
    unidirectional: bool,
    max_relative_position: int,
    key_embeddings: Floats3,
    value_embeddings: Floats3,
    seed: np.uint32,
    threshold: np.uint32,
    attention_weights: Floats1,
    outputs: Floats2,
) -> None:
    """Computes attention of each token to the tokens of its example.

    Args:
        projected: Queries, keys and values `[3 * units, tokens]`.
        starts: First token of each example, and the number of real tokens at the end
            `[examples + 1]`; tokens after these are ignored.
        heads: Number of heads.
        unidirectional: Whether a query attends only to keys with `key <= query`.
        max_relative_position: Offsets are clipped to this distance before they are
            embedded.
        key_embeddings: Embeddings of offsets, added to keys `[heads, offsets, depth]`;
            the first dimension is 1 if heads share them, and 0 without embeddings.
        value_embeddings: The same, added to values.
        seed: Seed of the dropout of keys.
        threshold: Random bits below it mask a key for a query.
        attention_weights: Output: the attention weights of all examples.
        outputs: Output: the attended values `[units, tokens]`.

    Sources: Vaswani et al., "Attention Is All You Need", 2017; Shaw et al.,
    "Self-Attention with Relative Position Representations", 2018.
    """
    units, tokens = outputs.shape
    depth = units // heads
    scale = np.float32(1.0 / np.sqrt(depth))
    zero_row = _longest_example(starts) - 1
    band = _zero_band(zero_row, tokens, unidirectional)
    first, last = key_offsets(starts, tokens, unidirectional)
    ranges = _offset_ranges(first, last)
    indices = _embedding_indices(band, zero_row, max_relative_position, unidirectional)
    rows = _rows_with_margins(3, depth, zero_row, tokens)
    queries, keys, values = rows[0], rows[1], rows[2]
    for head in range(heads):
        _copy_between_margins(projected, head * depth, queries)
        _copy_between_margins(projected, units + head * depth, keys)
        _copy_between_margins(projected, 2 * units + head * depth, values)
        _products_in_band(queries, keys, ranges, zero_row, band)
        if len(key_embeddings):
            embeddings = key_embeddings[head % len(key_embeddings)]
            add_products(queries, embeddings, indices, ranges, zero_row, band)
        if threshold > 0:
            _mask_keys(
                starts, unidirectional, heads, head, zero_row, seed, threshold, band
            )
        _softmax(first, last, ranges, zero_row, scale, band)
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
        _weighted_sums(band, values, ranges, zero_row, False, outputs, head * depth)
        if len(value_embeddings):
            embeddings = value_embeddings[head % len(value_embeddings)]
            add_embeddings(band, embeddings, indices, outputs, head * depth)


@compiled
def attention_backward(
    gradients: Floats2,
    projected: Floats2,
    starts: Integers1,
    heads: int,
    unidirectional: bool,
    max_relative_position: int,
    key_embeddings: Floats3,
    value_embeddings: Floats3,
    attention_weights: Floats1,
    projected_gradients: Floats2,
    key_embeddings_gradient: Floats3,
    value_embeddings_gradient: Floats3,
) -> None:
    """Computes the gradients of `attention`.

    Args:
        gradients: Gradients with respect to the attended values `[units, tokens]`.
        projected: As for `attention`, like the following arguments.
        starts: First token of each example, and the number of real tokens at the end.
        heads: Number of heads.
        unidirectional: Whether a query attends only to keys with `key <= query`.
        max_relative_position: Offsets are clipped to this distance.
        key_embeddings: Embeddings of offsets `[heads, offsets, depth]`.
        value_embeddings: Embeddings of offsets `[heads, offsets, depth]`.
        attention_weights: As computed by `attention`.
        projected_gradients: Output: the gradients with respect to queries, keys and
            values `[3 * units, tokens]`.
        key_embeddings_gradient: Output: the gradient with respect to `key_embeddings`
            is added to it.
        value_embeddings_gradient: Output: the gradient with respect to
            `value_embeddings` is added to it.
    """
    units, tokens = gradients.shape
    depth = units // heads
    scale = np.float32(1.0 / np.sqrt(depth))
    zero_row = _longest_example(starts) - 1
    weights = _zero_band(zero_row, tokens, unidirectional)
    logit_gradients = _zero_band(zero_row, tokens, unidirectional)
    first, last = key_offsets(starts, tokens, unidirectional)
    ranges = _offset_ranges(first, last)
    query_first, query_last = _query_offsets(starts, tokens, unidirectional)
    query_ranges = _offset_ranges(query_first, query_last)
    indices = _embedding_indices(
        weights, zero_row, max_relative_position, unidirectional
    )
    rows = _rows_with_margins(4, depth, zero_row, tokens)
    queries, keys, values, attended = rows[0], rows[1], rows[2], rows[3]
    for head in range(heads):
        first_query = head * depth
        first_key = units + first_query
        first_value = units + first_key
        _copy_between_margins(projected, first_query, queries)
        _copy_between_margins(projected, first_key, keys)
        _copy_between_margins(projected, first_value, values)
        _copy_between_margins(gradients, first_query, attended)

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
        _products_in_band(attended, values, ranges, zero_row, logit_gradients)
        if len(value_embeddings):
            source = head % len(value_embeddings)
            embeddings = value_embeddings[source]
            add_products(
                attended, embeddings, indices, ranges, zero_row, logit_gradients
            )
            add_embedding_gradients(
                weights, attended, indices, value_embeddings_gradient[source]
            )
        _softmax_backward(weights, ranges, zero_row, scale, logit_gradients)

        _weighted_sums(
            logit_gradients,
            keys,
            ranges,
            zero_row,
            False,
            projected_gradients,
            first_query,
        )
        if len(key_embeddings):
            source = head % len(key_embeddings)
            add_embeddings(
                logit_gradients,
                key_embeddings[source],
                indices,
                projected_gradients,
                first_query,
            )
            add_embedding_gradients(
                logit_gradients, queries, indices, key_embeddings_gradient[source]
            )
        _weighted_sums(
            logit_gradients,
            queries,
            query_ranges,
            zero_row,
            True,
            projected_gradients,
            first_key,
        )
        _weighted_sums(
            weights,
            attended,
            query_ranges,
            zero_row,
            True,
            projected_gradients,
            first_value,
        )


@shared
def key_offsets(starts: np.ndarray, tokens: int, unidirectional: bool) -> tuple:
    """The offsets `key - query` of the first and last key that each query attends to.

    Tokens of no example attend to no key: their last offset, 0, is below their first,
    1.
    """
    first = np.empty(tokens, np.int32)
    last = np.empty(tokens, np.int32)
    for token in range(tokens):
        first[token] = 1
        last[token] = 0
    for example in range(len(starts) - 1):
        start, end = starts[example], starts[example + 1]
        for token in range(start, end):
            first[token] = start - token
            last[token] = 0 if unidirectional else end - 1 - token
    return first, last


@shared
def _query_offsets(starts: np.ndarray, tokens: int, unidirectional: bool) -> tuple:
    """The offsets `key - query` of the last and first query that attend to each key."""
    first, last = key_offsets(starts, tokens, False)
    for token in range(tokens):
        highest = -first[token]
        first[token] = -last[token]
        # `query < key` means a positive offset, which does not exist if unidirectional
        last[token] = min(highest, 0) if unidirectional else highest
    return first, last


@shared
def _longest_example(starts: np.ndarray) -> int:
    """Number of tokens of the longest example, at least 1."""
    longest = 1
    for example in range(len(starts) - 1):
        longest = max(longest, starts[example + 1] - starts[example])
    return longest


@shared
def _zero_band(zero_row: int, tokens: int, unidirectional: bool) -> np.ndarray:
    """A band of zeros, with a vector of zeros before and after the tokens.

    Args:
        zero_row: The row of offset 0; the rows before it are those of offsets below 0.
        tokens: Number of tokens.
        unidirectional: Whether to leave out the rows of offsets above 0.
    """
    offsets = zero_row + 1 if unidirectional else 2 * zero_row + 1
    return np.zeros((offsets, whole_vectors(tokens) + 2 * LANES), np.float32)


@shared
def _rows_with_margins(
    count: int, depth: int, zero_row: int, tokens: int
) -> np.ndarray:
    """Rows of zeros, with margins as wide as the largest offset and more.

    Returns:
        `[count, depth, margin + tokens + margin]`.
    """
    margin = whole_vectors(zero_row)
    return np.zeros((count, depth, margin + tokens + margin), np.float32)


@shared
def _copy_between_margins(source: np.ndarray, first: int, rows: np.ndarray) -> None:
    """Copies rows from `first` on, `[all rows, tokens]`, between the margins."""
    tokens = source.shape[1]
    margin = (rows.shape[1] - tokens) // 2
    for i in range(len(rows)):
        row = floats_at(address_of(source) + BYTES * (first + i) * tokens, tokens)
        copy = floats_at(
            address_of(rows) + BYTES * (i * rows.shape[1] + margin), tokens
        )
        for token in range(tokens):
            copy[token] = row[token]


@shared
def _offset_ranges(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Smallest and largest offset of any token of each vector `[vectors, 2]`.

    They are 1 and 0 if no token of the vector has any offset.
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


@shared
def _embedding_indices(
    band: np.ndarray, zero_row: int, max_relative_position: int, unidirectional: bool
) -> np.ndarray:
    """The index of the embedding of each row of a band `[rows]`."""
    indices = np.empty(len(band), np.int64)
    for row in range(len(band)):
        indices[row] = relative_index(
            row - zero_row, max_relative_position, unidirectional
        )
    return indices


@shared
def _products_in_band(
    queries: np.ndarray,
    keys: np.ndarray,
    ranges: np.ndarray,
    zero_row: int,
    band: np.ndarray,
) -> None:
    """Computes the dot product of each query and the key at each offset.

    Offsets are those of any token of a vector, so some products are not of keys that
    the query attends to.

    Args:
        queries: `[depth, margin + tokens + margin]`.
        keys: `[depth, margin + tokens + margin]`.
        ranges: First and last offset of each vector of tokens.
        zero_row: The row of offset 0.
        band: Output: the products.
    """
    depth, length = queries.shape
    margin = (length - LANES * len(ranges)) // 2
    row_length = BYTES * band.shape[1]
    for vector in range(len(ranges)):
        token = vector * LANES
        offset, last = ranges[vector]
        while offset <= last:
            number = _MAX_OFFSETS if offset + _MAX_OFFSETS - 1 <= last else 1
            row = address_of(band) + (zero_row + offset) * row_length
            products_at_offsets(
                number,
                address_of(queries) + BYTES * (margin + token),
                address_of(keys) + BYTES * (margin + token + offset),
                length,
                depth,
                row + BYTES * (LANES + token),
                band.shape[1],
            )
            offset += number


@shared
def _softmax(
    first: np.ndarray,
    last: np.ndarray,
    ranges: np.ndarray,
    zero_row: int,
    scale: np.float32,
    band: np.ndarray,
) -> None:
    """Replaces products by attention weights, which are zero at all other offsets.

    Args:
        first: Offset of the first key that each query attends to.
        last: Offset of the last key that each query attends to.
        ranges: First and last offset of each vector of tokens.
        zero_row: The row of offset 0.
        scale: The factor between products and logits.
        band: The products; output: the weights.
    """
    largest = np.empty(LANES, np.float32)
    total = np.empty(LANES, np.float32)
    for vector in range(len(ranges)):
        token = vector * LANES
        lowest, highest = ranges[vector]
        for lane in range(LANES):
            largest[lane] = -np.inf
            total[lane] = 0.0
        for offset in range(lowest, highest + 1):
            row = _vector_of_band(band, zero_row + offset, token)
            for lane in range(LANES):
                logit = row[lane] * scale
                is_attended = first[token + lane] <= offset <= last[token + lane]
                row[lane] = logit if is_attended else -np.inf
                largest[lane] = max(largest[lane], row[lane])
        for offset in range(lowest, highest + 1):
            row = _vector_of_band(band, zero_row + offset, token)
            for lane in range(LANES):
                is_attended = first[token + lane] <= offset <= last[token + lane]
                weight = exp_of_negative(row[lane] - largest[lane])
                weight = weight if is_attended else np.float32(0.0)
                weight = np.float32(0.0) if weight < _SMALLEST_WEIGHT else weight
                row[lane] = weight
                total[lane] += weight
        for offset in range(lowest, highest + 1):
            row = _vector_of_band(band, zero_row + offset, token)
            for lane in range(LANES):
                is_attended = first[token + lane] <= offset <= last[token + lane]
                row[lane] = row[lane] / total[lane] if is_attended else np.float32(0.0)


@shared
def _softmax_backward(
    weights: np.ndarray,
    ranges: np.ndarray,
    zero_row: int,
    scale: np.float32,
    logit_gradients: np.ndarray,
) -> None:
    """Computes the gradients with respect to products of queries and keys.

    Args:
        weights: The attention weights.
        ranges: First and last offset of each vector of tokens.
        zero_row: The row of offset 0.
        scale: The factor between products and logits.
        logit_gradients: The gradients with respect to the weights; output: those with
            respect to the products, zero where the weight is zero.
    """
    mean = np.empty(LANES, np.float32)
    for vector in range(len(ranges)):
        token = vector * LANES
        lowest, highest = ranges[vector]
        for lane in range(LANES):
            mean[lane] = 0.0
        for offset in range(lowest, highest + 1):
            weight = _vector_of_band(weights, zero_row + offset, token)
            gradient = _vector_of_band(logit_gradients, zero_row + offset, token)
            for lane in range(LANES):
                is_used = weight[lane] != 0.0
                gradient[lane] = gradient[lane] if is_used else np.float32(0.0)
                mean[lane] += weight[lane] * gradient[lane]
        for offset in range(lowest, highest + 1):
            weight = _vector_of_band(weights, zero_row + offset, token)
            gradient = _vector_of_band(logit_gradients, zero_row + offset, token)
            for lane in range(LANES):
                gradient[lane] = weight[lane] * (gradient[lane] - mean[lane]) * scale


@inlined
def _vector_of_band(band: np.ndarray, row: int, token: int) -> np.ndarray:
    """A view of the vector of a row that begins with a token."""
    position = row * band.shape[1] + LANES + token
    return floats_at(address_of(band) + BYTES * position, LANES)


@shared
def _weighted_sums(
    band: np.ndarray,
    values: np.ndarray,
    ranges: np.ndarray,
    zero_row: int,
    is_transposed: bool,
    outputs: np.ndarray,
    first_row: int,
) -> None:
    """Multiplies values with a band of weights.

    The output of a query is the sum over its keys of weight times value. Transposed,
    the output of a key is the sum over its queries, each at `key - offset`.

    Args:
        band: The weights.
        values: Values of the keys, or transposed of the queries
            `[depth, margin + tokens + margin]`.
        ranges: First and last offset of each vector of outputs.
        zero_row: The row of offset 0.
        is_transposed: Whether outputs are those of the keys.
        outputs: Output: the sums, in rows from the following one on
            `[all rows, tokens]`.
        first_row: The row of the first sum.
    """
    depth, length = values.shape
    tokens = outputs.shape[1]
    margin = (length - tokens) // 2
    # the steps of value and query from one offset to the next
    value_step = -1 if is_transposed else 1
    query_step = -1 if is_transposed else 0
    for token in range(0, tokens, LANES):
        lowest, highest = ranges[token // LANES]
        column = LANES + token + query_step * lowest
        weights = address_of(band)
        weights += BYTES * ((zero_row + lowest) * band.shape[1] + column)
        first_value = margin + token + value_step * lowest
        row = 0
        while row < depth:
            number = tile_rows(depth - row)
            sums_over_offsets(
                number,
                weights,
                band.shape[1] + query_step,
                address_of(values) + BYTES * (row * length + first_value),
                value_step,
                highest - lowest + 1,
                length,
                address_of(outputs) + BYTES * ((first_row + row) * tokens + token),
                tokens,
            )
            row += number


@shared
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
    """Copies the weights of a head from the flat array into its band, or back."""
    first_of_example = 0
    for example in range(len(starts) - 1):
        start, end = starts[example], starts[example + 1]
        pairs = (end - start) ** 2
        position = first_of_example + head * pairs
        first_of_example += heads * pairs
        for query in range(start, end):
            for key in range(start, end):
                if unidirectional and key > query:
                    if not is_into_band:
                        flat[position] = 0.0
                elif is_into_band:
                    band[zero_row + key - query, LANES + query] = flat[position]
                else:
                    flat[position] = band[zero_row + key - query, LANES + query]
                position += 1


@shared
def _mask_keys(
    starts: np.ndarray,
    unidirectional: bool,
    heads: int,
    head: int,
    zero_row: int,
    seed: np.uint32,
    threshold: np.uint32,
    band: np.ndarray,
) -> None:
    """Dropout of keys: gives the keys to drop a very low logit."""
    first_of_example = 0
    for example in range(len(starts) - 1):
        start, end = starts[example], starts[example + 1]
        pairs = (end - start) ** 2
        position = first_of_example + head * pairs
        first_of_example += heads * pairs
        for query in range(start, end):
            for key in range(start, end):
                is_attended = key <= query or not unidirectional
                if is_attended and not is_kept(position, seed, threshold):
                    band[zero_row + key - query, LANES + query] = _MASKED_LOGIT
                position += 1
