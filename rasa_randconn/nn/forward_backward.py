"""The forward-backward algorithm on a batch of sequences, on all cores."""

from __future__ import annotations

from typing import List, NamedTuple, Tuple

import numpy as np

from rasa_randconn.kernels import crf, in_parallel
from rasa_randconn.kernels.vectors import whole_vectors
from rasa_randconn.nn.features import starts_of

# A group of fewer examples computes its products more slowly, and one of less work is
# not worth a thread.
_FEWEST_EXAMPLES_PER_GROUP = 32
_FEWEST_PRODUCTS_PER_GROUP = 2**21


class _Group(NamedTuple):
    """Examples that are computed together.

    Attributes:
        examples: Their indices, the longest one first.
        rows: Their rows of the arrays that the algorithm keeps.
    """

    examples: np.ndarray
    rows: slice


class ForwardBackward:
    """Log-likelihoods of a linear-chain conditional random field, and their gradients.

    Groups of examples run side by side.
    """

    def __init__(
        self,
        scores: np.ndarray,
        transitions: np.ndarray,
        tags: np.ndarray,
        lengths: np.ndarray,
    ) -> None:
        """Takes a batch.

        Args:
            scores: Scores of tags `[tokens, tags]`.
            transitions: Scores of transitions `[tags, tags]`.
            tags: The right tags `[tokens]`, which must be tags that there are.
            lengths: Number of tokens of every example.
        """
        self._scores = np.ascontiguousarray(scores)
        self._transitions = np.ascontiguousarray(transitions)
        self._tags = tags
        self._starts = starts_of(lengths)
        tag_count = len(transitions)
        self._groups = _groups(lengths, tag_count)
        width = whole_vectors(tag_count)
        self._exp_transitions = np.empty((tag_count, width), np.float32)
        self._transposed = np.empty((tag_count, width), np.float32)
        self._emissions = np.empty((len(tags), width), np.float32)
        self._alpha = np.empty((len(tags), width), np.float32)

    def log_likelihoods(self) -> np.ndarray:
        """Those of the right tags `[examples]`; 0 for an empty example."""
        highest_transition = self._transitions.max()
        crf.exponentiate(
            self._transitions,
            highest_transition,
            self._exp_transitions,
            self._transposed,
        )
        result = np.empty(len(self._starts) - 1, np.float32)

        def forward(group: _Group) -> None:
            crf.forward_algorithm(
                self._scores,
                self._transitions,
                highest_transition,
                self._exp_transitions,
                self._tags,
                self._starts,
                group.examples,
                self._emissions[group.rows],
                self._alpha[group.rows],
                result,
            )

        in_parallel(forward, self._groups)
        return result

    def gradients(
        self, likelihood_gradients: np.ndarray
    ) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Computes the gradients, after the log-likelihoods.

        Args:
            likelihood_gradients: Gradients with respect to the log-likelihoods
                `[examples]`.

        Returns:
            Gradients with respect to the scores `[tokens, tags]` and to the transitions
            `[tags, tags]`, and the most probable tag of each token `[tokens]`.
        """
        score_gradients = np.empty_like(self._scores)
        pair_sums = np.zeros(
            (len(self._groups), *self._exp_transitions.shape), np.float32
        )
        most_probable = np.empty(len(self._tags), np.int64)

        def backward(index: int) -> None:
            group = self._groups[index]
            crf.backward_algorithm(
                self._transposed,
                self._emissions[group.rows],
                self._alpha[group.rows],
                self._tags,
                self._starts,
                group.examples,
                likelihood_gradients,
                score_gradients,
                pair_sums[index],
                most_probable,
            )

        in_parallel(backward, range(len(self._groups)))
        transition_gradients = np.empty_like(self._transitions)
        crf.transition_gradients(
            self._exp_transitions,
            pair_sums,
            self._tags,
            self._starts,
            likelihood_gradients,
            transition_gradients,
        )
        return score_gradients, transition_gradients, most_probable


def _groups(lengths: np.ndarray, tag_count: int) -> List[_Group]:
    """Splits a batch into groups of the same size and of about the same lengths.

    How does not depend on the number of cores, and so the sums do not either.
    """
    count = min(
        int(lengths.sum()) * tag_count**2 // _FEWEST_PRODUCTS_PER_GROUP,
        len(lengths) // _FEWEST_EXAMPLES_PER_GROUP,
    )
    count = max(count, 1)
    longest_first = np.argsort(-lengths, kind="stable")
    groups = []
    row = 0
    for first in range(count):
        examples = np.ascontiguousarray(longest_first[first::count])
        end = row + int(lengths[examples].sum())
        groups.append(_Group(examples, slice(row, end)))
        row = end
    return groups
