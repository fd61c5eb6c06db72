"""Likelihood and decoding of sequences of tags (a linear-chain random field).

Scores are unary ones of every token and tag, `[tokens, tags]`, and one for every tag
(row) that is followed by another (column), `[tags, tags]`. Examples lie one after the
other: `starts` has the first token of each, and the number of all tokens at the end.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled, inlined

# Keeps a sum whose probabilities are lost to underflow from becoming log(0).
_TINY = np.float32(1e-37)


@compiled
def run_forward(
    scores: np.ndarray,
    transitions: np.ndarray,
    tags: np.ndarray,
    starts: np.ndarray,
    moves: np.ndarray,
    emissions: np.ndarray,
    states: np.ndarray,
    totals: np.ndarray,
    log_likelihoods: np.ndarray,
) -> None:
    """Log-likelihoods of the right tags, by the scaled forward algorithm.

    Args:
        scores: Unary scores `[tokens, tags]`.
        transitions: Scores of transitions `[tags, tags]`.
        tags: The right tags `[tokens]`.
        starts: Where examples begin `[examples + 1]`.
        moves: Gets the exponentials of the transitions, less their largest.
        emissions: Gets those of the unary scores, less the token's largest.
        states: Gets probabilities of tags given all tokens up to theirs.
        totals: Gets the factors they were divided by `[tokens]`.
        log_likelihoods: Gets one number for every example; 0 for an empty one.

    Source: Rabiner, "A tutorial on hidden Markov models", 1989.
    """
    number = scores.shape[1]
    highest_transition = transitions[0, 0]
    for i in range(number):
        for j in range(number):
            highest_transition = max(highest_transition, transitions[i, j])
    for i in range(number):
        for j in range(number):
            moves[i, j] = np.exp(transitions[i, j] - highest_transition)
    for example in range(len(starts) - 1):
        likelihood = np.float64(0.0)
        for token in range(starts[example], starts[example + 1]):
            is_first = token == starts[example]
            highest = scores[token, 0]
            for j in range(number):
                highest = max(highest, scores[token, j])
            state = states[token]
            for j in range(number):
                emissions[token, j] = np.exp(scores[token, j] - highest)
                state[j] = np.float32(1.0) if is_first else np.float32(0.0)
            if not is_first:
                for i in range(number):
                    before = states[token - 1, i]
                    for j in range(number):
                        state[j] += before * moves[i, j]
            total = np.float32(0.0)
            for j in range(number):
                state[j] *= emissions[token, j]
                total += state[j]
            total = max(total, _TINY)
            for j in range(number):
                state[j] /= total
            totals[token] = total
            likelihood += scores[token, tags[token]] - highest - np.log(total)
            if not is_first:
                likelihood += (
                    transitions[tags[token - 1], tags[token]] - highest_transition
                )
        log_likelihoods[example] = likelihood


@compiled
def run_backward(
    moves: np.ndarray,
    emissions: np.ndarray,
    states: np.ndarray,
    totals: np.ndarray,
    tags: np.ndarray,
    starts: np.ndarray,
    upstream: np.ndarray,
    score_gradients: np.ndarray,
    transition_gradients: np.ndarray,
    most_probable: np.ndarray,
) -> None:
    """Gradients of the log-likelihoods, and the most probable tag of every token.

    Args:
        moves: As `run_forward` left them, like the next three.
        emissions: `[tokens, tags]`.
        states: `[tokens, tags]`.
        totals: `[tokens]`.
        tags: The right tags `[tokens]`.
        starts: Where examples begin `[examples + 1]`.
        upstream: Gradients of the log-likelihoods `[examples]`.
        score_gradients: Gets those of the unary scores `[tokens, tags]`.
        transition_gradients: Those of the transitions are added to these.
        most_probable: Gets the tags `[tokens]`.
    """
    number = moves.shape[0]
    future = np.empty(number, np.float32)
    following = np.empty(number, np.float32)
    pairs = np.zeros((number, number), np.float32)
    for example in range(len(starts) - 1):
        weight = upstream[example]
        for token in range(starts[example + 1] - 1, starts[example] - 1, -1):
            if token == starts[example + 1] - 1:
                for j in range(number):
                    future[j] = np.float32(1.0)
            else:
                # `following` belongs to the token after this one
                for i in range(number):
                    before = states[token, i] * weight
                    total = np.float32(0.0)
                    for j in range(number):
                        total += following[j] * moves[i, j]
                        pairs[i, j] += before * following[j]
                    future[i] = total
                transition_gradients[tags[token], tags[token + 1]] += weight
            best = np.float32(-1.0)
            for j in range(number):
                probability = states[token, j] * future[j]
                if probability > best:
                    best = probability
                    most_probable[token] = j
                score_gradients[token, j] = -probability * weight
                following[j] = emissions[token, j] / totals[token] * future[j]
            score_gradients[token, tags[token]] += weight
    for i in range(number):
        for j in range(number):
            transition_gradients[i, j] -= moves[i, j] * pairs[i, j]


@compiled
def decode(
    scores: np.ndarray,
    transitions: np.ndarray,
    starts: np.ndarray,
    tags: np.ndarray,
    confidences: np.ndarray,
) -> None:
    """Finds the best sequence of tags of every example.

    Args:
        scores: Unary scores `[tokens, tags]`.
        transitions: Scores of transitions `[tags, tags]`.
        starts: Where examples begin `[examples + 1]`.
        tags: Gets the tags `[tokens]`.
        confidences: Gets how sure the choice of the last tag was among all tags, and
            that of the one before it among those that could precede the last. Rasa
            then takes a confidence for the number of a tag, so that of the others is
            mostly that of what could precede no entity; users see these figures.

    Source: Viterbi, 1967.
    """
    number = scores.shape[1]
    for example in range(len(starts) - 1):
        start, end = starts[example], starts[example + 1]
        if start == end:
            continue
        length = end - start
        # scores of the best sequences up to a token that end with each tag
        best = np.empty((length, number), np.float32)
        pointers = np.zeros((length, number), np.int32)
        best[0] = scores[start]
        for step in range(1, length):
            before, highest, pointer = best[step - 1], best[step], pointers[step]
            for j in range(number):
                highest[j] = before[0] + transitions[0, j]
            for i in range(1, number):
                for j in range(number):
                    score = before[i] + transitions[i, j]
                    is_higher = score > highest[j]
                    pointer[j] = i if is_higher else pointer[j]
                    highest[j] = score if is_higher else highest[j]
            for j in range(number):
                highest[j] += scores[start + step, j]
        last = int(np.argmax(best[length - 1]))
        tags[end - 1] = last
        confidences[end - 1] = _confidence(best[length - 1])
        column = last
        for step in range(length - 1, 0, -1):
            tags[start + step - 1] = pointers[step, tags[start + step]]
            confidence = _confidence(best[step - 1] + transitions[:, column])
            confidences[start + step - 1] = confidence
            column = int(confidence)


@inlined
def _confidence(scores: np.ndarray) -> np.float32:
    """The softmax of the highest score."""
    highest = scores.max()
    total = np.float32(0.0)
    for i in range(len(scores)):
        total += np.exp(scores[i] - highest)
    return np.float32(1.0) / total
