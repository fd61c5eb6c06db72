"""`kernels/crf.py` in plain NumPy: sums over all sequences, in logarithms."""

import numpy as np
from scipy.special import logsumexp


def forward_algorithm(
    scores,
    transitions,
    highest_transition,
    exp_transitions,
    tags,
    starts,
    examples,
    emissions,
    alpha,
    log_likelihoods,
):
    tag_count = len(transitions)
    rows = _rows(starts, examples)
    exp_transitions = exp_transitions[:, :tag_count]
    exp_scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    for example in examples:
        start, end = starts[example], starts[example + 1]
        log_likelihoods[example] = 0
        if start == end:
            continue
        right = tags[start:end]
        log_likelihoods[example] = (
            scores[np.arange(start, end), right].sum()
            + transitions[right[:-1], right[1:]].sum()
            - logsumexp(_log_alpha(scores[start:end], transitions)[-1])
        )
        before = np.ones(tag_count)
        for token in range(start, end):
            joint = before * exp_scores[token]
            emissions[rows[token], :tag_count] = exp_scores[token] / joint.sum()
            alpha[rows[token], :tag_count] = joint / joint.sum()
            before = alpha[rows[token], :tag_count] @ exp_transitions


def backward_algorithm(
    exp_transitions,
    transposed,
    emissions,
    alpha,
    tags,
    starts,
    examples,
    gradients,
    score_gradients,
    transition_gradients,
    most_probable,
):
    tag_count = len(exp_transitions)
    rows = _rows(starts, examples)
    transitions = np.log(exp_transitions[:, :tag_count])
    transition_gradients[...] = 0
    one_hot = np.eye(tag_count)
    for example in examples:
        start, end = starts[example], starts[example + 1]
        if start == end:
            continue
        own = np.log(
            [emissions[rows[token], :tag_count] for token in range(start, end)]
        )
        gradient, right = gradients[example], tags[start:end]
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
        transition_gradients[:, :tag_count] -= gradient * pairs


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


def _rows(starts, examples):
    """The row of each token of a group: first all first tokens, then all second."""
    lengths = starts[1:] - starts[:-1]
    tokens = [
        starts[example] + position
        for position in range(lengths.max())
        for example in examples
        if position < lengths[example]
    ]
    return {token: row for row, token in enumerate(tokens)}


def _log_alpha(scores, transitions):
    result = scores.astype(np.float64)
    for token in range(1, len(scores)):
        before = result[token - 1][:, np.newaxis]
        result[token] += logsumexp(before + transitions, axis=0)
    return result


def _softmax(logits):
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()
