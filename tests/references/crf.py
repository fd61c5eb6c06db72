"""`kernels/crf.py` in plain NumPy: sums over all sequences, in logarithms."""

import numpy as np
from scipy.special import logsumexp


def forward_algorithm(
    scores,
    transitions,
    tags,
    starts,
    exp_transitions,
    exp_scores,
    alpha,
    scale,
    log_likelihoods,
):
    exp_transitions[...] = np.exp(transitions - transitions.max())
    exp_scores[...] = np.exp(scores - scores.max(axis=1, keepdims=True))
    for example, (start, end) in enumerate(zip(starts, starts[1:])):
        log_likelihoods[example] = 0
        if start == end:
            continue
        right = tags[start:end]
        log_likelihoods[example] = (
            scores[np.arange(start, end), right].sum()
            + transitions[right[:-1], right[1:]].sum()
            - logsumexp(_log_alpha(scores[start:end], transitions)[-1])
        )
        for token in range(start, end):
            joint = exp_scores[token].copy()
            if token > start:
                joint *= alpha[token - 1] @ exp_transitions
            scale[token] = joint.sum()
            alpha[token] = joint / scale[token]


def backward_algorithm(
    exp_transitions,
    exp_scores,
    alpha,
    scale,
    tags,
    starts,
    gradients,
    score_gradients,
    transition_gradients,
    most_probable,
):
    scores, transitions = np.log(exp_scores), np.log(exp_transitions)
    one_hot = np.eye(scores.shape[1])
    for gradient, start, end in zip(gradients, starts, starts[1:]):
        if start == end:
            continue
        own, right = scores[start:end], tags[start:end]
        log_alpha = _log_alpha(own, transitions)
        log_beta = _log_alpha(own[::-1], transitions.T)[::-1] - own
        total = logsumexp(log_alpha[-1])
        marginals = np.exp(log_alpha + log_beta - total)
        score_gradients[start:end] = gradient * (one_hot[right] - marginals)
        most_probable[start:end] = marginals.argmax(axis=1)
        pairs = np.exp(
            log_alpha[:-1, :, np.newaxis]
            + transitions
            + (own + log_beta)[1:, np.newaxis]
            - total
        ).sum(axis=0)
        np.add.at(transition_gradients, (right[:-1], right[1:]), gradient)
        transition_gradients -= gradient * pairs


def decode(scores, transitions, starts, tags, confidences):
    for start, end in zip(starts, starts[1:]):
        if start == end:
            continue
        best = scores[start:end].copy()
        for step in range(1, len(best)):
            best[step] += (best[step - 1][:, np.newaxis] + transitions).max(axis=0)
        # the mistake of Rasa's that the kernel repeats: a confidence, not a tag
        next_tag = tags[end - 1] = best[-1].argmax()
        confidences[end - 1] = _softmax(best[-1]).max()
        for step in range(len(best) - 1, 0, -1):
            before = start + step - 1
            into_next = best[step - 1] + transitions[:, tags[before + 1]]
            tags[before] = into_next.argmax()
            into_next = best[step - 1] + transitions[:, next_tag]
            confidences[before] = _softmax(into_next).max()
            next_tag = int(confidences[before])


def _log_alpha(scores, transitions):
    result = scores.astype(np.float64)
    for token in range(1, len(scores)):
        before = result[token - 1][:, np.newaxis]
        result[token] += logsumexp(before + transitions, axis=0)
    return result


def _softmax(logits):
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()
