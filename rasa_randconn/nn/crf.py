"""Tagging of tokens with entities, roles or groups."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameters, Tape, Value
from rasa_randconn.kernels import crf
from rasa_randconn.nn import operations
from rasa_randconn.nn.dense import Dense
from rasa_randconn.nn.features import Feature, starts_of
from rasa_randconn.nn.forward_backward import Arrays, ForwardBackward
from rasa_randconn.nn.loss_scaling import scaling_factors
from rasa_randconn.nn.workspace import Workspace


class TagCounts(NamedTuple):
    """Tokens with a tag that were found, found wrongly, and missed."""

    right: int
    wrong: int
    missed: int


class TagError(ValueError):
    """Tags do not belong to the tokens or to the tags that there are."""


class Tagger:
    """Scores of tags, and a linear-chain conditional random field on them.

    Loss and predictions are those of Rasa's `CRF`; the loss comes from the scaled
    forward-backward algorithm instead of sums of logarithms.

    Source: Lafferty et al., "Conditional random fields", 2001.
    """

    def __init__(
        self,
        scores: Dense,
        l2: float,
        is_scaled: bool,
        parameters: Parameters,
        path: str,
        tag_embedding: Optional[Dense] = None,
    ) -> None:
        """Makes the scores of transitions.

        Args:
            scores: Scores every tag of every token.
            l2: Factor of the squared scores of transitions in the loss.
            is_scaled: The option `scale_loss`.
            parameters: Output: the weights are added.
            path: Path of the random field within the network.
            tag_embedding: Embeds tags of entities, which roles and groups depend on.
        """
        self._scores = scores
        self._is_scaled = is_scaled
        self._workspace: Workspace[Arrays] = Workspace()
        self._tag_embedding = tag_embedding
        self._transitions = parameters.glorot_uniform(
            f"{path}/transitions", (scores.units, scores.units), l2=l2
        )

    def loss(
        self,
        tape: Tape,
        tokens: Value,
        lengths: np.ndarray,
        tags: np.ndarray,
        entity_tags: Optional[np.ndarray] = None,
    ) -> Tuple[float, TagCounts]:
        """Computes the loss, and hands its gradients to the tokens.

        Args:
            tape: The current pass.
            tokens: Activations `[tokens, units]`.
            lengths: Number of tokens of every example.
            tags: The right tags `[tokens]`.
            entity_tags: The right tags of entities, if these are roles or groups.

        Returns:
            Mean of the negative log-likelihood of the examples, and how many of the
            most probable tags of single tokens are right.

        Raises:
            TagError: If there are not as many tags as tokens, or unknown ones.
        """
        if not len(tags) == len(tokens.array) == lengths.sum():
            raise TagError(
                f"There are {len(tags)} tags, but {len(tokens.array)} rows of tokens."
            )
        if len(tags) and not 0 <= tags.min() <= tags.max() < self._scores.units:
            raise TagError(
                f"There are tags from {tags.min()} to {tags.max()}, but only "
                f"{self._scores.units} different ones."
            )
        scores = self._scored(tape, tokens, entity_tags)
        algorithm = ForwardBackward(
            scores.array, self._transitions.array, tags, lengths, self._workspace
        )
        log_likelihoods = algorithm.log_likelihoods()
        factors = (
            scaling_factors(log_likelihoods)
            if self._is_scaled
            else np.ones_like(log_likelihoods)
        )
        likelihood_gradients = (-factors / len(lengths)).astype(np.float32)
        score_gradients, transition_gradients, found = algorithm.gradients(
            likelihood_gradients
        )
        if tape.is_training:
            self._transitions.add_gradient(transition_gradients)
            scores.add_gradient(score_gradients)
        loss = float(np.dot(likelihood_gradients, log_likelihoods))
        return loss, _counts(found, tags)

    def decode(
        self,
        tokens: np.ndarray,
        lengths: np.ndarray,
        entity_tags: Optional[np.ndarray] = None,
    ) -> Tuple[np.ndarray, np.ndarray]:
        """Finds the best tags.

        Args:
            tokens: Activations `[tokens, units]`.
            lengths: Number of tokens of every example.
            entity_tags: Tags of entities, if these are roles or groups.

        Returns:
            Tags and confidences `[tokens]`.
        """
        scores = self._scored(Tape(), Value(tokens), entity_tags).array
        tags = np.zeros(len(tokens), np.int32)
        confidences = np.zeros(len(tokens), np.float32)
        crf.decode(
            scores, self._transitions.array, starts_of(lengths), tags, confidences
        )
        return tags, confidences

    def _scored(
        self, tape: Tape, tokens: Value, entity_tags: Optional[np.ndarray]
    ) -> Value:
        if entity_tags is not None:
            assert self._tag_embedding is not None
            embedded = self._tag_embedding.of_one_hot(tape, entity_tags)
            tokens = operations.concatenate(tape, [tokens, embedded])
        return self._scores(tape, tokens)


def tags_of(tags: Feature, lengths: np.ndarray) -> np.ndarray:
    """The right tags of all tokens `[tokens]`.

    Args:
        tags: The tags of every example, as a batch has them.
        lengths: Number of tokens of every example.

    Raises:
        TagError: If some example has not as many tags as rows of tokens.
    """
    if not np.array_equal(tags.lengths, lengths):
        raise TagError(
            "Some texts have another number of tags than rows of features: a "
            "featurizer has not one row for each token."
        )
    assert isinstance(tags.rows, np.ndarray)
    return tags.rows[:, 0].astype(np.int64)


def _counts(found: np.ndarray, tags: np.ndarray) -> TagCounts:
    is_right = found == tags
    return TagCounts(
        int(np.count_nonzero(is_right & (tags > 0))),
        int(np.count_nonzero(~is_right & (found > 0))),
        int(np.count_nonzero(~is_right & (tags > 0))),
    )
