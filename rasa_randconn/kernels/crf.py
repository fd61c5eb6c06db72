"""Likelihood and decoding of a linear-chain conditional random field (CRF).

A sequence of tags is scored by `scores[token, tag]`, one for each token, and by
`transitions[tag, next_tag]`, one for each pair of neighbours. Examples follow one
another: `starts` has the first token of each, and the number of all tokens at the end.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled, inlined

# Avoids log(0) where all probabilities underflow.
_TINY = np.float32(1e-37)


@compiled
def forward_algorithm(
    scores: np.ndarray,
    transitions: np.ndarray,
    tags: np.ndarray,
    starts: np.ndarray,
    exp_transitions: np.ndarray,
    exp_scores: np.ndarray,
    alpha: np.ndarray,
    scale: np.ndarray,
    log_likelihoods: np.ndarray,
) -> None:
    """Computes log-likelihoods by the scaled forward algorithm.

    Args:
        scores: Scores of tags `[tokens, tags]`.
        transitions: Scores of transitions `[tags, tags]`.
        tags: The right tags `[tokens]`.
        starts: Where examples begin `[examples + 1]`.
        exp_transitions: Output: `exp(transitions - maximum)` `[tags, tags]`.
        exp_scores: Output: `exp(scores - maximum of the token)` `[tokens, tags]`.
        alpha: Output: probabilities of each token's tag, given the tokens up to it
            `[tokens, tags]`.
        scale: Output: the sums that `alpha` was divided by `[tokens]`.
        log_likelihoods: Output: those of the right tags `[examples]`; 0 for an empty
            example.

    Source: Rabiner, "A tutorial on hidden Markov models", 1989.
    """
    tag_count = scores.shape[1]
    highest_transition = transitions[0, 0]
    for i in range(tag_count):
        for j in range(tag_count):
            highest_transition = max(highest_transition, transitions[i, j])
    for i in range(tag_count):
        for j in range(tag_count):
            exp_transitions[i, j] = np.exp(transitions[i, j] - highest_transition)
    for example in range(len(starts) - 1):
        likelihood = np.float64(0.0)
        for token in range(starts[example], starts[example + 1]):
            is_first = token == starts[example]
            highest = scores[token, 0]
            for j in range(tag_count):
                highest = max(highest, scores[token, j])
            current = alpha[token]
            for j in range(tag_count):
                exp_scores[token, j] = np.exp(scores[token, j] - highest)
                current[j] = np.float32(1.0) if is_first else np.float32(0.0)
            if not is_first:
                for i in range(tag_count):
                    before = alpha[token - 1, i]
                    for j in range(tag_count):
                        current[j] += before * exp_transitions[i, j]
            total = np.float32(0.0)
            for j in range(tag_count):
                current[j] *= exp_scores[token, j]
                total += current[j]
            total = max(total, _TINY)
            for j in range(tag_count):
                current[j] /= total
            scale[token] = total
            likelihood += scores[token, tags[token]] - highest - np.log(total)
            if not is_first:
                likelihood += (
                    transitions[tags[token - 1], tags[token]] - highest_transition
                )
        log_likelihoods[example] = likelihood


@compiled
def backward_algorithm(
    exp_transitions: np.ndarray,
    exp_scores: np.ndarray,
    alpha: np.ndarray,
    scale: np.ndarray,
    tags: np.ndarray,
    starts: np.ndarray,
    gradients: np.ndarray,
    score_gradients: np.ndarray,
    transition_gradients: np.ndarray,
    most_probable: np.ndarray,
) -> None:
    """Computes gradients and most probable tags by the scaled backward algorithm.

    The product of `alpha` and `beta` is the probability of a tag given all tokens.

    Args:
        exp_transitions: As computed by `forward_algorithm` `[tags, tags]`.
        exp_scores: As computed by `forward_algorithm` `[tokens, tags]`.
        alpha: As computed by `forward_algorithm` `[tokens, tags]`.
        scale: As computed by `forward_algorithm` `[tokens]`.
        tags: The right tags `[tokens]`.
        starts: Where examples begin `[examples + 1]`.
        gradients: Gradients with respect to the log-likelihoods `[examples]`.
        score_gradients: Output: the gradients with respect to the scores
            `[tokens, tags]`.
        transition_gradients: Output: the gradients with respect to the transitions
            `[tags, tags]` are added to it.
        most_probable: Output: the most probable tag of each token `[tokens]`.

    Source: Rabiner, "A tutorial on hidden Markov models", 1989.
    """
    tag_count = exp_transitions.shape[0]
    beta = np.empty(tag_count, np.float32)
    next_beta = np.empty(tag_count, np.float32)
    pair_sums = np.zeros((tag_count, tag_count), np.float32)
    for example in range(len(starts) - 1):
        gradient = gradients[example]
        for token in range(starts[example + 1] - 1, starts[example] - 1, -1):
            if token == starts[example + 1] - 1:
                for j in range(tag_count):
                    beta[j] = np.float32(1.0)
            else:
                # `next_beta` is that of token + 1, times its exp_scores over its scale
                for i in range(tag_count):
                    before = alpha[token, i] * gradient
                    total = np.float32(0.0)
                    for j in range(tag_count):
                        total += next_beta[j] * exp_transitions[i, j]
                        pair_sums[i, j] += before * next_beta[j]
                    beta[i] = total
                transition_gradients[tags[token], tags[token + 1]] += gradient
            best = np.float32(-1.0)
            for j in range(tag_count):
                probability = alpha[token, j] * beta[j]
                if probability > best:
                    best = probability
                    most_probable[token] = j
                score_gradients[token, j] = -probability * gradient
                next_beta[j] = exp_scores[token, j] / scale[token] * beta[j]
            score_gradients[token, tags[token]] += gradient
    for i in range(tag_count):
        for j in range(tag_count):
            transition_gradients[i, j] -= exp_transitions[i, j] * pair_sums[i, j]


@compiled
def decode(
    scores: np.ndarray,
    transitions: np.ndarray,
    starts: np.ndarray,
    tags: np.ndarray,
    confidences: np.ndarray,
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
    tag_count = scores.shape[1]
    for example in range(len(starts) - 1):
        start, end = starts[example], starts[example + 1]
        if start == end:
            continue
        length = end - start
        # scores of the best sequences up to a token, by their last tag
        best = np.empty((length, tag_count), np.float32)
        pointers = np.zeros((length, tag_count), np.int32)
        best[0] = scores[start]
        for step in range(1, length):
            before, highest, pointer = best[step - 1], best[step], pointers[step]
            for j in range(tag_count):
                highest[j] = before[0] + transitions[0, j]
            for i in range(1, tag_count):
                for j in range(tag_count):
                    score = before[i] + transitions[i, j]
                    is_higher = score > highest[j]
                    pointer[j] = i if is_higher else pointer[j]
                    highest[j] = score if is_higher else highest[j]
            for j in range(tag_count):
                highest[j] += scores[start + step, j]
        last = int(np.argmax(best[length - 1]))
        tags[end - 1] = last
        confidences[end - 1] = _confidence(best[length - 1])
        next_tag = last
        for step in range(length - 1, 0, -1):
            tags[start + step - 1] = pointers[step, tags[start + step]]
            confidence = _confidence(best[step - 1] + transitions[:, next_tag])
            confidences[start + step - 1] = confidence
            next_tag = int(confidence)


@inlined
def _confidence(scores: np.ndarray) -> np.float32:
    """The largest value of a softmax."""
    highest = scores.max()
    total = np.float32(0.0)
    for i in range(len(scores)):
        total += np.exp(scores[i] - highest)
    return np.float32(1.0) / total
