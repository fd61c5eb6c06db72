"""The loss that brings inputs close to their labels and away from others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np
from scipy.special import logsumexp

from rasa_randconn.differentiation import Tape, Value
from rasa_randconn.kernels import candidates

_HIDDEN = np.float32(-1e9)
_SMALLEST_SQUARE = np.float32(1e-12)
_SMALLEST_PROBABILITY = np.float32(1e-38)

# Similarities of inputs and labels (first letter: the example's own) with those of
# negative examples (second letter).
_POSITIVE, _IL, _LL, _II, _LI = range(5)


class Labelled(NamedTuple):
    """Embeddings and what they are labelled with.

    Attributes:
        embeddings: `[rows, units]`.
        keys: A number for every row; equal numbers are the same label.
    """

    embeddings: Value
    keys: np.ndarray


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
        return compared(inputs, labels, settings.is_cosine, settings.is_softmax)

    def __call__(
        self,
        tape: Tape,
        inputs: Labelled,
        labels: Labelled,
        all_labels: Labelled,
        shares: Optional[np.ndarray] = None,
    ) -> Tuple[float, float]:
        """Computes the loss, and hands its gradients to all embeddings.

        Args:
            tape: The current pass.
            inputs: Embedded inputs `[rows, units]`.
            labels: Their embedded labels.
            all_labels: What negative labels are drawn from.
            shares: Every row's share of the loss, together 1; equal if `None`.

        Returns:
            The loss, and the fraction of rows closer to their label than to others.
        """
        rows = len(inputs.keys)
        if shares is None:
            shares = np.full(rows, 1 / rows, np.float32)
        shape = (rows, self._settings.negatives)
        negative_inputs = tape.random.integers(rows, size=shape)
        negative_labels = tape.random.integers(len(all_labels.keys), size=shape)
        keys = inputs.keys[:, np.newaxis]
        is_same_input = inputs.keys[negative_inputs] == keys
        is_same_label = all_labels.keys[negative_labels] == keys

        spaces = {
            "i": _Space(inputs.embeddings, self._settings.is_cosine),
            "l": _Space(labels.embeddings, self._settings.is_cosine),
            "a": _Space(all_labels.embeddings, self._settings.is_cosine),
        }
        own = np.arange(rows)[:, np.newaxis]
        pairs = [
            ("i", "l", own, None),
            ("i", "a", negative_labels, is_same_label),
            ("l", "a", negative_labels, is_same_label),
            ("i", "i", negative_inputs, is_same_input),
            ("l", "i", negative_inputs, is_same_input),
        ]
        similarities: List[np.ndarray] = []
        for first, second, chosen, is_same in pairs:
            result = np.empty(chosen.shape, np.float32)
            candidates.similarities(
                spaces[first].vectors, spaces[second].vectors, chosen, result
            )
            if is_same is not None:
                result += _HIDDEN * is_same
            similarities.append(result)

        compute = self._margin if self._settings.is_margin else self._cross_entropy
        losses, slopes, factors = compute(similarities)
        weights = shares * factors
        loss = float(np.dot(weights, losses))
        highest = similarities[_IL].max(axis=1, initial=-np.inf)
        accuracy = float(np.mean(similarities[_POSITIVE][:, 0] >= highest))
        if tape.is_training:
            for (first, second, chosen, _), slope in zip(pairs, slopes):
                candidates.similarities_backward(
                    spaces[first].vectors,
                    spaces[second].vectors,
                    chosen,
                    slope * weights[:, np.newaxis],
                    spaces[first].gradients,
                    spaces[second].gradients,
                )
            for space in spaces.values():
                space.hand_over_gradients()
        return loss, accuracy

    def _cross_entropy(
        self, similarities: List[np.ndarray]
    ) -> Tuple[np.ndarray, List[np.ndarray], np.ndarray]:
        """Losses, slopes by all similarities, and factors of the losses."""
        settings = self._settings
        order = [_POSITIVE, _IL, _LI]
        if not settings.is_constrained:
            order += [_II, _LL]
        logits = np.concatenate([similarities[i] for i in order], 1)
        probabilities = _softmax(logits)
        losses = -np.log(np.maximum(probabilities[:, 0], _SMALLEST_PROBABILITY))
        is_tiny = probabilities[:, 0] < _SMALLEST_PROBABILITY
        if is_tiny.any():
            losses[is_tiny] = logsumexp(logits[is_tiny], axis=1) - logits[is_tiny, 0]
        probabilities[:, 0] -= 1
        slopes = {i: np.zeros_like(s) for i, s in enumerate(similarities)}
        slopes.update(_split(probabilities, order, similarities))
        if settings.is_constrained:
            order = [_POSITIVE, _IL, _LL, _II, _LI]
            logits = np.concatenate([similarities[i] for i in order], 1)
            below = np.exp(-np.abs(logits))
            terms = np.maximum(logits, 0) + np.log1p(below)
            terms[:, 0] -= logits[:, 0]
            losses = losses + terms.mean(axis=1)
            sigmoids = np.where(logits >= 0, 1, below) / (1 + below)
            sigmoids[:, 0] -= 1
            sigmoids /= logits.shape[1]
            for i, part in _split(sigmoids, order, similarities).items():
                slopes[i] = slopes[i] + part
        return (
            losses,
            [slopes[i] for i in range(len(similarities))],
            scale(-losses) if settings.is_scaled else np.ones_like(losses),
        )

    def _margin(
        self, similarities: List[np.ndarray]
    ) -> Tuple[np.ndarray, List[np.ndarray], np.ndarray]:
        """The same for the margin loss."""
        settings = self._settings
        slopes = [np.zeros_like(s) for s in similarities]
        missing = settings.largest_positive - similarities[_POSITIVE][:, 0]
        losses = np.maximum(0, missing)
        slopes[_POSITIVE][:, 0] = -(missing > 0).astype(np.float32)
        for i in (_IL, _LL, _II, _LI) if settings.negatives else ():
            factor = 1.0 if i == _IL else settings.margin_scale
            excess = settings.largest_negative + similarities[i]
            if i == _IL and not settings.uses_largest_negative:
                losses = losses + np.maximum(0, excess).sum(axis=1)
                slopes[i][excess > 0] = 1.0
                continue
            rows, largest = np.arange(len(excess)), excess.argmax(axis=1)
            excess = excess[rows, largest]
            losses = losses + factor * np.maximum(0, excess)
            slopes[i][rows, largest] = factor * (excess > 0)
        return losses, slopes, np.ones_like(losses)


def compared(
    inputs: np.ndarray, labels: np.ndarray, is_cosine: bool, is_softmax: bool
) -> Tuple[np.ndarray, np.ndarray]:
    """Similarities and confidences `[inputs, labels]`.

    Args:
        inputs: Embeddings `[inputs, units]`.
        labels: Embeddings `[labels, units]`.
        is_cosine: Whether a similarity is the cosine, else the inner product.
        is_softmax: Whether confidences are the softmax of the similarities, else these.
    """
    if is_cosine:
        inputs, labels = _normalized(inputs)[0], _normalized(labels)[0]
    similarities = inputs @ labels.T
    return similarities, _softmax(similarities) if is_softmax else similarities


def scale(log_likelihoods: np.ndarray) -> np.ndarray:
    """Factors that take weight from what is well known, constant for the gradient.

    Source: the option `scale_loss` of Rasa.
    """
    probabilities = np.exp(log_likelihoods)
    if probabilities.max(initial=0.0) <= 0.5:
        return np.ones_like(probabilities)
    return np.asarray(((1 - probabilities) / 0.5) ** 4)


class _Space:
    """Embeddings as they are compared: normalised if similarities are cosines."""

    def __init__(self, embeddings: Value, is_cosine: bool) -> None:
        self._embeddings = embeddings
        self.vectors = np.ascontiguousarray(embeddings.array)
        self._inverse_norms = None
        if is_cosine:
            self.vectors, self._inverse_norms = _normalized(self.vectors)
        self.gradients = np.zeros_like(self.vectors)

    def hand_over_gradients(self) -> None:
        gradients = self.gradients
        if self._inverse_norms is not None:
            along = (gradients * self.vectors).sum(axis=1, keepdims=True)
            gradients = (gradients - along * self.vectors) * self._inverse_norms
        self._embeddings.add_gradient(gradients)


def _normalized(vectors: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    squares = np.square(vectors).sum(axis=-1, keepdims=True)
    inverse_norms = 1 / np.sqrt(np.maximum(squares, _SMALLEST_SQUARE))
    return vectors * inverse_norms, inverse_norms


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def _split(
    joined: np.ndarray, order: List[int], similarities: List[np.ndarray]
) -> Dict[int, np.ndarray]:
    borders = np.cumsum([similarities[i].shape[1] for i in order])[:-1]
    return dict(zip(order, np.split(joined, borders, axis=1)))
