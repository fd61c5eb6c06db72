"""`kernels/label_loss.py` in plain NumPy."""

import numpy as np


def similarities(
    inputs,
    labels,
    all_labels,
    label_ids,
    all_label_ids,
    negative_labels,
    negative_inputs,
    outputs,
):
    ids = label_ids[:, np.newaxis]
    same_label = -1e9 * (all_label_ids[negative_labels] == ids)
    same_input = -1e9 * (label_ids[negative_inputs] == ids)
    outputs[...] = np.concatenate(
        [
            (inputs * labels).sum(axis=1, keepdims=True),
            _products(inputs, all_labels[negative_labels]) + same_label,
            _products(labels, all_labels[negative_labels]) + same_label,
            _products(inputs, inputs[negative_inputs]) + same_input,
            _products(labels, inputs[negative_inputs]) + same_input,
        ],
        axis=1,
    )


def similarities_backward(
    inputs,
    labels,
    all_labels,
    negative_labels,
    negative_inputs,
    gradients,
    input_gradients,
    label_gradients,
    all_label_gradients,
):
    negatives = negative_labels.shape[1]
    of_labels = gradients[:, :1]
    input_gradients += of_labels * labels
    label_gradients += of_labels * inputs
    for kind, (vectors, own, others, gradients_of_others, candidates) in enumerate(
        [
            (inputs, input_gradients, all_labels, all_label_gradients, negative_labels),
            (labels, label_gradients, all_labels, all_label_gradients, negative_labels),
            (inputs, input_gradients, inputs, input_gradients, negative_inputs),
            (labels, label_gradients, inputs, input_gradients, negative_inputs),
        ]
    ):
        gradient = gradients[:, 1 + kind * negatives :][:, :negatives, np.newaxis]
        own += (gradient * others[candidates]).sum(axis=1)
        np.add.at(gradients_of_others, candidates, gradient * vectors[:, np.newaxis])


def cross_entropy(similarities, is_constrained, losses, gradients):
    columns = similarities.shape[1]
    negatives = (columns - 1) // 4
    is_in_softmax = np.ones(columns, bool)
    if is_constrained:
        is_in_softmax[1 + negatives : 1 + 3 * negatives] = False
    logits = np.where(is_in_softmax, similarities.astype(np.float64), -np.inf)
    log_sums = np.logaddexp.reduce(logits, axis=1)
    losses[...] = log_sums - logits[:, 0]
    gradients[...] = np.exp(logits - log_sums[:, np.newaxis])
    gradients[:, 0] -= 1
    if is_constrained:
        logits = similarities.astype(np.float64)
        terms = np.logaddexp(0, logits)
        terms[:, 0] -= logits[:, 0]
        losses += terms.mean(axis=1)
        sigmoids = np.exp(-np.logaddexp(0, -logits))
        sigmoids[:, 0] -= 1
        gradients += sigmoids / columns


def _products(vectors, candidates):
    return np.einsum("iu,iku->ik", vectors, candidates)
