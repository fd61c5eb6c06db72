"""The forward-backward algorithm on a batch of sequences, on all cores."""

from __future__ import annotations

from typing import List, NamedTuple, Tuple

import numpy as np

from rasa_randconn.kernels import crf, in_parallel
from rasa_randconn.kernels.vectors import whole_vectors
from rasa_randconn.nn.features import starts_of
from rasa_randconn.nn.workspace import Workspace

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


class Arrays(NamedTuple):
    """What the algorithm computes on its way; see `kernels/crf.py`."""

    exp_transitions: np.ndarray
    transposed: np.ndarray
    emissions: np.ndarray
    alpha: np.ndarray
    transition_gradients: np.ndarray


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
        workspace: Workspace[Arrays],
    ) -> None:
        """Takes a batch.

        Args:
            scores: Scores of tags `[tokens, tags]`.
            transitions: Scores of transitions `[tags, tags]`.
            tags: The right tags `[tokens]`, which must be tags that there are.
            lengths: Number of tokens of every example.
            workspace: Memory to compute in; one batch at a time can use it.
        """
        self._scores = np.ascontiguousarray(scores)
        self._transitions = np.ascontiguousarray(transitions)
        self._tags = tags
        self._starts = starts_of(lengths)
        token_count, tag_count = scores.shape
        self._groups = _groups(lengths, tag_count)
        group_count, width = len(self._groups), whole_vectors(tag_count)
        self._arrays = workspace.activations(
            (token_count, group_count),
            lambda allocate: Arrays(
                exp_transitions=allocate(tag_count, width),
                transposed=allocate(tag_count, width),
                emissions=allocate(token_count, width),
                alpha=allocate(token_count, width),
                transition_gradients=allocate(group_count, tag_count, width),
            ),
        )

    def log_likelihoods(self) -> np.ndarray:
        """Those of the right tags `[examples]`; 0 for an empty example."""
        arrays = self._arrays
        highest_transition = self._transitions.max()
        exp_transitions = np.exp(self._transitions - highest_transition)
        _pad(exp_transitions, arrays.exp_transitions)
        _pad(exp_transitions.T, arrays.transposed)
        result = np.empty(len(self._starts) - 1, np.float32)

        def forward(group: _Group) -> None:
            crf.forward_algorithm(
                self._scores,
                self._transitions,
                highest_transition,
                arrays.exp_transitions,
                self._tags,
                self._starts,
                group.examples,
                arrays.emissions[group.rows],
                arrays.alpha[group.rows],
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
        arrays = self._arrays
        score_gradients = np.empty_like(self._scores)
        most_probable = np.empty(len(self._tags), np.int64)

        def backward(index: int) -> None:
            group = self._groups[index]
            crf.backward_algorithm(
                arrays.exp_transitions,
                arrays.transposed,
                arrays.emissions[group.rows],
                arrays.alpha[group.rows],
                self._tags,
                self._starts,
                group.examples,
                likelihood_gradients,
                score_gradients,
                arrays.transition_gradients[index],
                most_probable,
            )

        in_parallel(backward, range(len(self._groups)))
        transition_gradients = arrays.transition_gradients.sum(axis=0)
        tag_count = len(transition_gradients)
        return score_gradients, transition_gradients[:, :tag_count], most_probable


def _pad(matrix: np.ndarray, result: np.ndarray) -> None:
    """Copies a matrix, and appends columns of zeros."""
    columns = matrix.shape[1]
    result[:, :columns] = matrix
    result[:, columns:] = 0


def _groups(lengths: np.ndarray, tag_count: int) -> List[_Group]:
    """Splits a batch into groups with about as many tokens, and of similar lengths.

    How does not depend on the number of cores, and so the sums do not either.
    """
    longest_first = np.argsort(-lengths, kind="stable")
    starts = starts_of(lengths[longest_first])
    count = min(
        int(starts[-1]) * tag_count**2 // _FEWEST_PRODUCTS_PER_GROUP,
        len(lengths) // _FEWEST_EXAMPLES_PER_GROUP,
    )
    # a power of two is shared out evenly to most numbers of cores
    count = 1 << max(count.bit_length() - 1, 0)
    cuts = np.searchsorted(starts, np.arange(1, count) * starts[-1] // count)
    bounds = [0, *cuts, len(lengths)]
    return [
        _Group(longest_first[first:end], slice(starts[first], starts[end]))
        for first, end in zip(bounds, bounds[1:])
    ]
