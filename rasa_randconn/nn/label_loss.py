"""A loss that moves inputs close to their labels, and away from other labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np
from scipy.special import logsumexp

from rasa_randconn.autodiff import Tape, Value
from rasa_randconn.kernels import candidates as candidate_kernels
from rasa_randconn.nn.cross_entropy import sigmoid_cross_entropy
from rasa_randconn.nn.loss_scaling import scaling_factors
from rasa_randconn.nn.similarities import (
    normalized,
    similarities_and_confidences,
    softmax,
)

_MASKED_LOGIT = np.float32(-1e9)
_SMALLEST_PROBABILITY = np.float32(1e-38)

# Which similarities: of an input with its label, and of an example's input (I) or label
# (L), first letter, with the inputs or labels of negative examples, second letter.
_POSITIVE, _IL, _LL, _II, _LI = range(5)


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
        pairs = self._pairs(tape, inputs, labels, all_labels)
        similarities = [pair.similarities() for pair in pairs]
        compute = self._margin if self._settings.is_margin else self._cross_entropy
        losses, similarity_gradients, factors = compute(similarities)
        weights = sample_weight * factors
        loss = float(np.dot(weights, losses))
        highest = similarities[_IL].max(axis=1, initial=-np.inf)
        accuracy = float(np.mean(similarities[_POSITIVE][:, 0] >= highest))
        if tape.is_training:
            for pair, gradients in zip(pairs, similarity_gradients):
                pair.add_gradients(gradients * weights[:, np.newaxis])
            for compared in (
                pairs[_POSITIVE].one,
                pairs[_POSITIVE].other,
                pairs[_IL].other,
            ):
                compared.add_gradients_to_embeddings()
        return loss, accuracy

    def _pairs(
        self, tape: Tape, inputs: Labelled, labels: Labelled, all_labels: Labelled
    ) -> List[_Pairs]:
        """The pairs to compare, in the order of the constants above."""
        rows = len(inputs.label_ids)
        shape = (rows, self._settings.negatives)
        negative_inputs = tape.random.integers(rows, size=shape)
        negative_labels = tape.random.integers(len(all_labels.label_ids), size=shape)
        ids = inputs.label_ids[:, np.newaxis]
        is_same_input = inputs.label_ids[negative_inputs] == ids
        is_same_label = all_labels.label_ids[negative_labels] == ids
        of_inputs, of_labels, of_all_labels = (
            _Compared(labelled.embeddings, self._settings.is_cosine)
            for labelled in (inputs, labels, all_labels)
        )
        return [
            _Pairs(of_inputs, of_labels, np.arange(rows)[:, np.newaxis], None),
            _Pairs(of_inputs, of_all_labels, negative_labels, is_same_label),
            _Pairs(of_labels, of_all_labels, negative_labels, is_same_label),
            _Pairs(of_inputs, of_inputs, negative_inputs, is_same_input),
            _Pairs(of_labels, of_inputs, negative_inputs, is_same_input),
        ]

    def _cross_entropy(
        self, similarities: List[np.ndarray]
    ) -> Tuple[np.ndarray, List[np.ndarray], np.ndarray]:
        """Losses, their gradients with respect to all similarities, and their scale."""
        settings = self._settings
        order = [_POSITIVE, _IL, _LI]
        if not settings.is_constrained:
            order += [_II, _LL]
        logits = np.concatenate([similarities[i] for i in order], 1)
        probabilities = softmax(logits)
        losses = -np.log(np.maximum(probabilities[:, 0], _SMALLEST_PROBABILITY))
        is_tiny = probabilities[:, 0] < _SMALLEST_PROBABILITY
        if is_tiny.any():
            losses[is_tiny] = logsumexp(logits[is_tiny], axis=1) - logits[is_tiny, 0]
        probabilities[:, 0] -= 1
        similarity_gradients = {i: np.zeros_like(s) for i, s in enumerate(similarities)}
        similarity_gradients.update(_split(probabilities, order, similarities))
        if settings.is_constrained:
            order = [_POSITIVE, _IL, _LL, _II, _LI]
            logits = np.concatenate([similarities[i] for i in order], 1)
            expected = np.zeros(logits.shape, bool)
            expected[:, 0] = True
            terms, sigmoids = sigmoid_cross_entropy(logits, expected)
            losses = losses + terms.mean(axis=1)
            sigmoids[:, 0] -= 1
            sigmoids /= logits.shape[1]
            for i, part in _split(sigmoids, order, similarities).items():
                similarity_gradients[i] = similarity_gradients[i] + part
        return (
            losses,
            [similarity_gradients[i] for i in range(len(similarities))],
            scaling_factors(-losses) if settings.is_scaled else np.ones_like(losses),
        )

    def _margin(
        self, similarities: List[np.ndarray]
    ) -> Tuple[np.ndarray, List[np.ndarray], np.ndarray]:
        """Margin losses, their gradients, and their scale (see `_cross_entropy`)."""
        settings = self._settings
        similarity_gradients = [np.zeros_like(s) for s in similarities]
        missing = settings.largest_positive - similarities[_POSITIVE][:, 0]
        losses = np.maximum(0, missing)
        similarity_gradients[_POSITIVE][:, 0] = -(missing > 0).astype(np.float32)
        for i in (_IL, _LL, _II, _LI) if settings.negatives else ():
            factor = 1.0 if i == _IL else settings.margin_scale
            excess = settings.largest_negative + similarities[i]
            if i == _IL and not settings.uses_largest_negative:
                losses = losses + np.maximum(0, excess).sum(axis=1)
                similarity_gradients[i][excess > 0] = 1.0
                continue
            rows, largest = np.arange(len(excess)), excess.argmax(axis=1)
            excess = excess[rows, largest]
            losses = losses + factor * np.maximum(0, excess)
            similarity_gradients[i][rows, largest] = factor * (excess > 0)
        return losses, similarity_gradients, np.ones_like(losses)


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


class _Pairs(NamedTuple):
    """Every embedding with some candidates.

    Attributes:
        one: The embeddings.
        other: The embeddings that the candidates belong to.
        candidates: Indices of the candidates `[embeddings, candidates]`.
        is_same: Which candidates have the label of the embedding, so that they are no
            negative examples; `None` if the candidate is its label.
    """

    one: _Compared
    other: _Compared
    candidates: np.ndarray
    is_same: Optional[np.ndarray]

    def similarities(self) -> np.ndarray:
        """Similarities `[embeddings, candidates]`."""
        result = np.empty(self.candidates.shape, np.float32)
        candidate_kernels.similarities(
            self.one.vectors, self.other.vectors, self.candidates, result
        )
        if self.is_same is not None:
            result += _MASKED_LOGIT * self.is_same
        return result

    def add_gradients(self, gradients: np.ndarray) -> None:
        """Adds gradients to both sides, from those with respect to the similarities."""
        candidate_kernels.similarities_backward(
            self.one.vectors,
            self.other.vectors,
            self.candidates,
            np.ascontiguousarray(gradients, np.float32),
            self.one.gradients,
            self.other.gradients,
        )


def _split(
    joined: np.ndarray, order: List[int], similarities: List[np.ndarray]
) -> Dict[int, np.ndarray]:
    splits = np.cumsum([similarities[i].shape[1] for i in order])[:-1]
    return dict(zip(order, np.split(joined, splits, axis=1)))
