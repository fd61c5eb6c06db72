"""A loss that moves inputs close to their labels, and away from other labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.autodiff import Tape, Value
from rasa_randconn.kernels import label_loss as kernels
from rasa_randconn.nn.loss_scaling import scaling_factors
from rasa_randconn.nn.similarities import normalized, similarities_and_confidences

_KINDS_OF_NEGATIVES = 4


class Labelled(NamedTuple):
    """Embeddings with their labels.

    Attributes:
        embeddings: `[rows, units]`.
        label_ids: The label of every row, as a number.
    """

    embeddings: Value
    label_ids: np.ndarray


@dataclass(frozen=True)
class LabelLossSettings:
    """Options of the loss; the meanings are Rasa's.

    Attributes:
        negatives: Number of negative examples, `number_of_negative_examples`.
        is_margin: Whether `loss_type` is `margin`, else cross entropy.
        is_cosine: Whether `similarity_type` is `cosine`, else the inner product.
        is_scaled: `scale_loss`.
        is_constrained: `constrain_similarities`.
        is_softmax: Whether `model_confidence` is `softmax`.
        largest_positive: `maximum_positive_similarity`.
        largest_negative: `maximum_negative_similarity`.
        uses_largest_negative: `use_maximum_negative_similarity`.
        margin_scale: `negative_margin_scale`.
    """

    negatives: int
    is_margin: bool
    is_cosine: bool
    is_scaled: bool
    is_constrained: bool
    is_softmax: bool
    largest_positive: float
    largest_negative: float
    uses_largest_negative: bool
    margin_scale: float


class LabelLoss:
    """Loss and similarities of inputs and labels.

    Source: Wu et al., "StarSpace", 2017; Rasa's `SingleLabelDotProductLoss`.
    """

    def __init__(self, settings: LabelLossSettings) -> None:
        """Takes the options."""
        self._settings = settings

    def similarities_and_confidences(
        self, inputs: np.ndarray, labels: np.ndarray
    ) -> Tuple[np.ndarray, np.ndarray]:
        """Compares inputs with labels.

        Args:
            inputs: Embeddings `[inputs, units]`.
            labels: Embeddings `[labels, units]`.

        Returns:
            Similarities and confidences `[inputs, labels]`.
        """
        settings = self._settings
        return similarities_and_confidences(
            inputs, labels, settings.is_cosine, settings.is_softmax
        )

    def __call__(
        self,
        tape: Tape,
        inputs: Labelled,
        labels: Labelled,
        all_labels: Labelled,
        sample_weight: Optional[np.ndarray] = None,
    ) -> Tuple[float, float]:
        """Computes the loss, and adds its gradients to all embeddings.

        Args:
            tape: The current pass.
            inputs: Embedded inputs `[rows, units]`.
            labels: Their embedded labels.
            all_labels: The labels that negative examples are sampled from.
            sample_weight: Weight of every row, with a sum of 1; equal if `None`.

        Returns:
            The loss, and the fraction of rows closer to their label than to others.
        """
        rows = len(inputs.label_ids)
        if sample_weight is None:
            sample_weight = np.full(rows, 1 / rows, np.float32)
        shape = (rows, self._settings.negatives)
        negative_inputs = tape.random.integers(rows, size=shape)
        negative_labels = tape.random.integers(len(all_labels.label_ids), size=shape)
        compared = of_inputs, of_labels, of_all_labels = tuple(
            _Compared(labelled.embeddings, self._settings.is_cosine)
            for labelled in (inputs, labels, all_labels)
        )
        similarities = np.empty((rows, 1 + _KINDS_OF_NEGATIVES * shape[1]), np.float32)
        kernels.similarities(
            of_inputs.vectors,
            of_labels.vectors,
            of_all_labels.vectors,
            inputs.label_ids,
            all_labels.label_ids,
            negative_labels,
            negative_inputs,
            similarities,
        )
        compute = self._margin if self._settings.is_margin else self._cross_entropy
        losses, similarity_gradients, factors = compute(similarities)
        weights = sample_weight * factors
        loss = float(np.dot(weights, losses))
        highest = similarities[:, 1 : 1 + shape[1]].max(axis=1, initial=-np.inf)
        accuracy = np.count_nonzero(similarities[:, 0] >= highest) / rows
        if tape.is_training:
            similarity_gradients *= weights[:, np.newaxis]
            kernels.similarities_backward(
                of_inputs.vectors,
                of_labels.vectors,
                of_all_labels.vectors,
                negative_labels,
                negative_inputs,
                similarity_gradients,
                of_inputs.gradients,
                of_labels.gradients,
                of_all_labels.gradients,
            )
            for embeddings in compared:
                embeddings.add_gradients_to_embeddings()
        return loss, accuracy

    def _cross_entropy(
        self, similarities: np.ndarray
    ) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Losses, their gradients with respect to all similarities, and their scale."""
        losses = np.empty(len(similarities), np.float32)
        gradients = np.empty_like(similarities)
        kernels.cross_entropy(
            similarities, self._settings.is_constrained, losses, gradients
        )
        factors = np.ones_like(losses)
        if self._settings.is_scaled:
            factors = scaling_factors(-losses)
        return losses, gradients, factors

    def _margin(
        self, similarities: np.ndarray
    ) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Margin losses, their gradients, and their scale (see `_cross_entropy`)."""
        settings = self._settings
        gradients = np.zeros_like(similarities)
        missing = settings.largest_positive - similarities[:, 0]
        losses = np.maximum(0, missing)
        gradients[:, 0] = -(missing > 0).astype(np.float32)
        negatives = settings.negatives
        for start in range(1, similarities.shape[1], max(1, negatives)):
            of_other_labels = start == 1
            factor = 1.0 if of_other_labels else settings.margin_scale
            excess = settings.largest_negative + similarities[:, start:][:, :negatives]
            own_gradients = gradients[:, start:][:, :negatives]
            if of_other_labels and not settings.uses_largest_negative:
                losses = losses + np.maximum(0, excess).sum(axis=1)
                own_gradients[excess > 0] = 1.0
                continue
            rows, largest = np.arange(len(excess)), excess.argmax(axis=1)
            excess = excess[rows, largest]
            losses = losses + factor * np.maximum(0, excess)
            own_gradients[rows, largest] = factor * (excess > 0)
        return losses, gradients, np.ones_like(losses)


class _Compared:
    """Embeddings as they are compared: normalised if similarities are cosines."""

    def __init__(self, embeddings: Value, is_cosine: bool) -> None:
        self._embeddings = embeddings
        self.vectors = np.ascontiguousarray(embeddings.array)
        self._inverse_norms = None
        if is_cosine:
            self.vectors, self._inverse_norms = normalized(self.vectors)
        self.gradients = np.zeros_like(self.vectors)

    def add_gradients_to_embeddings(self) -> None:
        gradients = self.gradients
        if self._inverse_norms is not None:
            along = (gradients * self.vectors).sum(axis=1, keepdims=True)
            gradients = (gradients - along * self.vectors) * self._inverse_norms
        self._embeddings.add_gradient(gradients)
