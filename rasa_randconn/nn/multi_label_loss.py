"""The loss of inputs that may have several labels at once."""

from __future__ import annotations

from typing import Tuple

import numpy as np

from rasa_randconn.autodiff import Tape, Value
from rasa_randconn.kernels import candidates as candidate_kernels
from rasa_randconn.nn.cross_entropy import sigmoid_cross_entropy
from rasa_randconn.nn.loss_scaling import scaling_factors
from rasa_randconn.nn.similarities import similarities_and_confidences

#: Fills up the labels of an input that has fewer than others.
NO_LABEL = -1


class MultiLabelLoss:
    """Loss and similarities of inputs and labels; each pair is a decision of its own.

    Source: Rasa's `MultiLabelDotProductLoss`.
    """

    def __init__(self, negatives: int, is_scaled: bool) -> None:
        """Takes the options.

        Args:
            negatives: Number of labels sampled for every input, the option
                `number_of_negative_examples`; correct ones may be among them.
            is_scaled: The option `scale_loss`.
        """
        self._negatives = negatives
        self._is_scaled = is_scaled

    def similarities_and_confidences(
        self, inputs: np.ndarray, labels: np.ndarray
    ) -> Tuple[np.ndarray, np.ndarray]:
        """Compares inputs with labels (see `LabelLoss`)."""
        return similarities_and_confidences(
            inputs, labels, is_cosine=False, is_softmax=True
        )

    def __call__(
        self, tape: Tape, inputs: Value, labels: np.ndarray, all_labels: Value
    ) -> Tuple[float, float]:
        """Computes the loss, and adds its gradients to all embeddings.

        Args:
            tape: The current pass.
            inputs: Embedded inputs `[rows, units]`.
            labels: Indices of the labels of every input `[rows, most labels]`, filled
                up with `NO_LABEL`.
            all_labels: Embedded labels `[labels, units]`.

        Returns:
            The loss, and the fraction of pairs that are decided correctly.
        """
        rows, count = len(labels), len(all_labels.array)
        sampled = tape.random.integers(count, size=(rows, self._negatives))
        is_label = labels != NO_LABEL
        is_correct = np.zeros((rows, count), bool)
        is_correct[np.nonzero(is_label)[0], labels[is_label]] = True
        chosen = np.concatenate([np.where(is_label, labels, 0), sampled], axis=1)
        expected = np.concatenate(
            [
                np.ones_like(is_label),
                is_correct[np.arange(rows)[:, np.newaxis], sampled],
            ],
            1,
        )
        counts = np.concatenate([is_label, np.ones_like(sampled, bool)], axis=1)
        logits = np.empty(chosen.shape, np.float32)
        vectors = np.ascontiguousarray(inputs.array)
        others = np.ascontiguousarray(all_labels.array)
        candidate_kernels.similarities(vectors, others, chosen, logits)

        losses, sigmoids = sigmoid_cross_entropy(logits, expected)
        weights = counts / counts.sum(axis=1, keepdims=True) / rows
        if self._is_scaled:
            weights = weights * scaling_factors(-losses)
        is_hit = (sigmoids > 0.5) == expected
        accuracy = ((is_hit & counts).sum(axis=1) / counts.sum(axis=1)).mean()
        if tape.is_training:
            gradients = ((sigmoids - expected) * weights).astype(np.float32)
            input_gradients = np.zeros_like(vectors)
            label_gradients = np.zeros_like(others)
            candidate_kernels.similarities_backward(
                vectors, others, chosen, gradients, input_gradients, label_gradients
            )
            inputs.add_gradient(input_gradients)
            all_labels.add_gradient(label_gradients)
        return float((losses * weights).sum()), float(accuracy)
