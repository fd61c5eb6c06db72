"""Likelihood and decoding of a linear-chain conditional random field (CRF).

A sequence of tags is scored by `scores[token, tag]`, one for each token, and by
`transitions[tag, next_tag]`, one for each pair of neighbours. Examples follow one
another: `starts` has the first token of each, and the number of all tokens at the end.

The likelihood is computed for a group of examples at once. Its tokens are sorted by
their position in the example: first the first tokens of all examples, the longest
example first, then all second tokens, and so on. So each position is one product of
`[examples, tags]` and `[tags, tags]`. The rows of these matrices have a `width`: the
number of tags, rounded up to whole vectors. What lies beyond the tags has no meaning.
"""

from __future__ import annotations

from typing import Tuple

import numpy as np

from rasa_randconn.kernels.activations import exp_of_negative
from rasa_randconn.kernels.array_types import (
    Floats1,
    Floats2,
    Integers1,
    ShortIntegers1,
)
from rasa_randconn.kernels.compilation import compiled, inlined
from rasa_randconn.kernels.inner_loops import (
    narrow_weighted_sums,
    narrow_weighted_sums_backward,
    tile_rows,
)
from rasa_randconn.kernels.vectors import BYTES, INDEX_BYTES, LANES, address_of

# Avoids log(0) where all probabilities underflow.
_TINY = np.float32(1e-37)


@compiled
def forward_algorithm(
    scores: Floats2,
    transitions: Floats2,
    highest_transition: np.float32,
    exp_transitions: Floats2,
    tags: Integers1,
    starts: Integers1,
    examples: Integers1,
    emissions: Floats2,
    alpha: Floats2,
    log_likelihoods: Floats1,
) -> None:
    """Computes log-likelihoods by the scaled forward algorithm.

    Args:
        scores: Scores of tags `[tokens, tags]`.
        transitions: Scores of transitions `[tags, tags]`.
        highest_transition: The highest of them.
        exp_transitions: `exp(transitions - highest_transition)` `[tags, width]`.
        tags: The right tags `[tokens]`.
        starts: Where examples begin `[all examples + 1]`.
        examples: The examples of the group, longest first `[examples]`.
        emissions: Output: `exp(scores)` over its sum weighted by the probabilities of
            the tags given the tokens before `[rows, width]`.
        alpha: Output: probabilities of each token's tag, given the tokens up to it
            `[rows, width]`.
        log_likelihoods: Output: those of the right tags `[all examples]`; 0 for an
            empty example.

    Source: Rabiner, "A tutorial on hidden Markov models", 1989.
    """
    tag_count, width = len(transitions), alpha.shape[1]
    tag_indices = np.arange(tag_count)
    likelihoods = np.zeros(len(examples), np.float64)
    positions, tokens = _sorted_by_position(starts, examples)
    for position in range(len(positions) - 1):
        first, end = positions[position], positions[position + 1]
        for row in range(first, end):
            rank, token = row - first, tokens[row]
            highest = _highest(scores[token])
            for j in range(tag_count):
                emissions[row, j] = exp_of_negative(scores[token, j] - highest)
            likelihoods[rank] += scores[token, tags[token]] - highest
            if position > 0:
                likelihoods[rank] += (
                    transitions[tags[token - 1], tags[token]] - highest_transition
                )
        if position == 0:
            for row in range(first, end):
                for j in range(tag_count):
                    alpha[row, j] = np.float32(1.0)
        else:
            _multiply(
                end - first,
                address_of(alpha) + BYTES * positions[position - 1] * width,
                exp_transitions,
                tag_indices,
                address_of(alpha) + BYTES * first * width,
            )
        for row in range(first, end):
            current, emission = alpha[row], emissions[row]
            total = np.float32(0.0)
            for j in range(tag_count):
                current[j] *= emission[j]
                total += current[j]
            total = max(total, _TINY)
            likelihoods[row - first] -= np.log(total)
            for j in range(tag_count):
                current[j] /= total
                emission[j] /= total
    for rank in range(len(examples)):
        log_likelihoods[examples[rank]] = likelihoods[rank]


@compiled
def backward_algorithm(
    exp_transitions: Floats2,
    transposed: Floats2,
    emissions: Floats2,
    alpha: Floats2,
    tags: Integers1,
    starts: Integers1,
    examples: Integers1,
    gradients: Floats1,
    score_gradients: Floats2,
    transition_gradients: Floats2,
    most_probable: Integers1,
) -> None:
    """Computes gradients and most probable tags by the scaled backward algorithm.

    The product of `alpha` and `beta` is the probability of a tag given all tokens.

    Args:
        exp_transitions: As for `forward_algorithm` `[tags, width]`.
        transposed: The same, by next tag and tag `[tags, width]`.
        emissions: As computed by `forward_algorithm` `[rows, width]`.
        alpha: As computed by `forward_algorithm` `[rows, width]`.
        tags: The right tags `[tokens]`.
        starts: Where examples begin `[all examples + 1]`.
        examples: The examples of the group, longest first `[examples]`.
        gradients: Gradients with respect to the log-likelihoods `[all examples]`.
        score_gradients: Output: the gradients with respect to the scores
            `[tokens, tags]`.
        transition_gradients: Output: the gradients with respect to the transitions
            `[tags, width]`.
        most_probable: Output: the most probable tag of each token `[tokens]`.

    Source: Rabiner, "A tutorial on hidden Markov models", 1989.
    """
    tag_count, width = exp_transitions.shape
    tag_indices = np.arange(tag_count)
    beta = np.empty((len(examples), width), np.float32)
    # those of the next position: beta times emissions, and that times the gradient
    next_beta = np.zeros((len(examples), width), np.float32)
    weighted = np.zeros((len(examples), width), np.float32)
    probabilities = np.empty(tag_count, np.float32)
    # the probabilities of pairs of tags over exp_transitions, times the gradients
    pair_sums = transition_gradients
    for i in range(tag_count):
        for j in range(width):
            pair_sums[i, j] = np.float32(0.0)
    positions, tokens = _sorted_by_position(starts, examples)
    continued = 0
    for position in range(len(positions) - 2, -1, -1):
        first, end = positions[position], positions[position + 1]
        _multiply(
            continued,
            address_of(next_beta),
            transposed,
            tag_indices,
            address_of(beta),
        )
        _add_outer_products(
            continued,
            address_of(alpha) + BYTES * first * width,
            address_of(weighted),
            tag_indices,
            pair_sums,
        )
        for rank in range(continued, end - first):
            for j in range(tag_count):
                beta[rank, j] = np.float32(1.0)
        for row in range(first, end):
            rank, token = row - first, tokens[row]
            gradient = gradients[examples[rank]]
            for j in range(tag_count):
                next_beta[rank, j] = emissions[row, j] * beta[rank, j]
                weighted[rank, j] = next_beta[rank, j] * gradient
            for j in range(tag_count):
                probabilities[j] = alpha[row, j] * beta[rank, j]
                score_gradients[token, j] = -probabilities[j] * gradient
            score_gradients[token, tags[token]] += gradient
            most_probable[token] = _first_maximum(probabilities)
        continued = end - first
    for i in range(tag_count):
        for j in range(width):
            transition_gradients[i, j] = -exp_transitions[i, j] * pair_sums[i, j]
    for example in examples:
        for token in range(starts[example], starts[example + 1] - 1):
            transition_gradients[tags[token], tags[token + 1]] += gradients[example]


@compiled
def decode(
    scores: Floats2,
    transitions: Floats2,
    starts: Integers1,
    tags: ShortIntegers1,
    confidences: Floats1,
) -> None:
    """Finds the best sequence of tags of each example, by the Viterbi algorithm.

    Confidences repeat a mistake of Rasa's, because users see these figures. Going back
    from the last token, the confidence of a tag should be the softmax over the tags
    that can precede the one after it. From the third token from the end on, Rasa uses
    the confidence of the token after it, rounded down, as if it were the tag: mostly
    0, the tag of no entity.

    Args:
        scores: Scores of tags `[tokens, tags]`.
        transitions: Scores of transitions `[tags, tags]`.
        starts: Where examples begin `[examples + 1]`.
        tags: Output: the best tags `[tokens]`.
        confidences: Output: their confidences `[tokens]`.

    Source: Viterbi, "Error bounds for convolutional codes", 1967; `crf_decode` of Rasa.
    """
    tag_count = len(transitions)
    # scores of the best sequences up to a token, by their last tag
    best = np.empty(scores.shape, np.float32)
    into_next = np.empty(tag_count, np.float32)
    for example in range(len(starts) - 1):
        start, end = starts[example], starts[example + 1]
        if start == end:
            continue
        best[start] = scores[start]
        for token in range(start + 1, end):
            before, current = best[token - 1], best[token]
            for j in range(tag_count):
                current[j] = before[0] + transitions[0, j]
            for i in range(1, tag_count):
                best_before = before[i]
                for j in range(tag_count):
                    score = best_before + transitions[i, j]
                    current[j] = score if score > current[j] else current[j]
            for j in range(tag_count):
                current[j] += scores[token, j]
        next_tag = _first_maximum(best[end - 1])
        tags[end - 1] = next_tag
        confidences[end - 1] = _confidence(best[end - 1])
        for token in range(end - 2, start - 1, -1):
            for i in range(tag_count):
                into_next[i] = best[token, i] + transitions[i, tags[token + 1]]
            tags[token] = _first_maximum(into_next)
            for i in range(tag_count):
                into_next[i] = best[token, i] + transitions[i, next_tag]
            confidences[token] = _confidence(into_next)
            next_tag = int(confidences[token])


@inlined
def _confidence(scores: np.ndarray) -> np.float32:
    """The largest value of a softmax."""
    highest = _highest(scores)
    total = np.float32(0.0)
    for i in range(len(scores)):
        total += exp_of_negative(scores[i] - highest)
    return np.float32(1.0) / total


@inlined
def _sorted_by_position(
    starts: np.ndarray, examples: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """Sorts the tokens of a group by their position in the example.

    Args:
        starts: Where examples begin `[all examples + 1]`.
        examples: The examples of the group, longest first `[examples]`.

    Returns:
        Where positions begin among them `[positions + 1]`, and the tokens `[rows]`.
    """
    rows = longest = 0
    for example in examples:
        length = starts[example + 1] - starts[example]
        rows += length
        longest = max(longest, length)
    positions = np.zeros(longest + 1, np.int64)
    tokens = np.empty(rows, np.int64)
    row = 0
    for position in range(longest):
        for example in examples:
            token = starts[example] + position
            if token >= starts[example + 1]:
                break
            tokens[row] = token
            row += 1
        positions[position + 1] = row
    return positions, tokens


@inlined
def _highest(numbers: np.ndarray) -> np.float32:
    """The maximum, of four running ones that do not wait for each other."""
    a = b = c = d = numbers[0]
    whole = len(numbers) // 4 * 4
    for i in range(0, whole, 4):
        a = max(a, numbers[i])
        b = max(b, numbers[i + 1])
        c = max(c, numbers[i + 2])
        d = max(d, numbers[i + 3])
    for i in range(whole, len(numbers)):
        a = max(a, numbers[i])
    return max(max(a, b), max(c, d))


@inlined
def _first_maximum(numbers: np.ndarray) -> int:
    """Where the maximum is first."""
    highest = _highest(numbers)
    for i in range(len(numbers)):
        if numbers[i] == highest:
            return i
    return 0


@inlined
def _multiply(
    rows: int, features: int, matrix: np.ndarray, indices: np.ndarray, outputs: int
) -> None:
    """Multiplies rows with a matrix.

    Args:
        rows: Number of rows.
        features: Address of the rows `[rows, width]`.
        matrix: `[tags, width]`.
        indices: Indices of the tags `[tags]`.
        outputs: Address of the products `[rows, width]`.
    """
    tag_count, width = matrix.shape
    for tag in range(0, tag_count, LANES):
        row = 0
        while row < rows:
            count = tile_rows(rows - row)
            narrow_weighted_sums(
                count,
                1,
                features + BYTES * row * width,
                width,
                1,
                address_of(matrix) + BYTES * tag,
                tag_count,
                address_of(indices),
                outputs + BYTES * (row * width + tag),
                width,
            )
            row += count


@inlined
def _add_outer_products(
    rows: int, left: int, right: int, indices: np.ndarray, sums: np.ndarray
) -> None:
    """Adds the outer products of rows.

    Args:
        rows: Number of rows.
        left: Address of the left factors `[rows, width]`.
        right: Address of the right factors `[rows, width]`.
        indices: Indices of the tags `[tags]`.
        sums: Output: the products of each left tag and right tag are added
            `[tags, width]`.
    """
    tag_count, width = sums.shape
    for next_tag in range(0, tag_count, LANES):
        tag = 0
        while tag < tag_count:
            count = tile_rows(tag_count - tag)
            narrow_weighted_sums_backward(
                count,
                1,
                left + BYTES * tag,
                1,
                width,
                right + BYTES * next_tag,
                rows,
                address_of(indices) + INDEX_BYTES * tag,
                address_of(sums) + BYTES * next_tag,
                width,
            )
            tag += count
