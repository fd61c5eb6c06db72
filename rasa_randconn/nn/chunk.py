"""Chunks: whole examples of a batch that go through the encoder together."""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.kernels.vectors import whole_vectors

# Larger chunks overflow a core's cache, smaller ones cost too many calls.
_TOKENS_PER_CHUNK = 512

# From this many tokens on, splitting a batch in two pays.
_TOKENS_OF_TWO_CHUNKS = 192


class Chunk(NamedTuple):
    """Whole examples that are computed together.

    Their tokens are followed by padding that belongs to no example and changes nothing,
    so that the number of tokens is a multiple of the vector length.

    Attributes:
        number: Index of the chunk in its batch.
        first_example: Its first example in the batch.
        first_token: Its first token in the batch.
        positions: Position of every token in its example; 0 for padding.
        starts: Example `i` has the tokens `starts[i]:starts[i + 1]`; `[examples + 1]`.
        selected: The tokens that the encoder returns; all if `None`.
        first_output: Where its outputs begin among those of the batch.
        attention_weights: Output: those of each layer, `[sum of heads * length *
            length]`, one example after the other.
    """

    number: int
    first_example: int
    first_token: int
    positions: np.ndarray
    starts: np.ndarray
    selected: Optional[np.ndarray]
    first_output: int
    attention_weights: Tuple[np.ndarray, ...]

    @property
    def token_count(self) -> int:
        """Number of tokens, without padding."""
        return int(self.starts[-1])

    @property
    def padded_token_count(self) -> int:
        """Number of tokens, with padding."""
        return len(self.positions)

    @property
    def tokens(self) -> slice:
        """Where its tokens are among those of the batch."""
        return slice(self.first_token, self.first_token + self.token_count)

    @property
    def outputs(self) -> slice:
        """Where its outputs are among those of the batch."""
        return slice(self.first_output, self.first_output + self.output_count)

    @property
    def output_count(self) -> int:
        """Number of tokens that the encoder returns."""
        return self.token_count if self.selected is None else len(self.selected)

    @property
    def padded_output_count(self) -> Optional[int]:
        """Number of tokens that the encoder returns, with padding; `None` if all."""
        return None if self.selected is None else whole_vectors(len(self.selected))


def split_into_chunks(
    lengths: np.ndarray, selected: Optional[np.ndarray], layers: int, heads: int
) -> List[Chunk]:
    """Splits a batch into chunks of about equal size.

    Their number depends on the batch alone, so that results do not depend on the number
    of cores.

    Args:
        lengths: Number of tokens of every example.
        selected: The tokens that the encoder returns, in rising order; all if `None`.
        layers: Number of encoder layers.
        heads: Number of attention heads.
    """
    starts = np.concatenate([[0], np.cumsum(lengths)])
    tokens = int(starts[-1])
    positions = np.arange(tokens) - np.repeat(starts[:-1], lengths)
    count = _number_of_chunks(tokens)
    bounds = np.searchsorted(starts, np.arange(count + 1) * (tokens / count))
    bounds[0], bounds[-1] = 0, len(lengths)
    output_bounds = starts[bounds]
    if selected is not None:
        output_bounds = np.searchsorted(selected, output_bounds)
    chunks: List[Chunk] = []
    for i, (first, last) in enumerate(zip(bounds[:-1], bounds[1:])):
        start, end = int(starts[first]), int(starts[last])
        if start == end:
            continue
        chunk_positions = np.zeros(whole_vectors(end - start), np.int64)
        chunk_positions[: end - start] = positions[start:end]
        chunk_selected = None
        if selected is not None:
            chunk_selected = selected[output_bounds[i] : output_bounds[i + 1]] - start
        pairs = heads * int(np.square(lengths[first:last]).sum())
        chunks.append(
            Chunk(
                number=len(chunks),
                first_example=int(first),
                first_token=start,
                positions=chunk_positions,
                starts=starts[first : last + 1] - start,
                selected=chunk_selected,
                first_output=int(output_bounds[i]),
                attention_weights=tuple(np.empty((layers, pairs), np.float32)),
            )
        )
    return chunks


def _number_of_chunks(tokens: int) -> int:
    """An even number, so that two cores are equally busy, or 1 for few tokens."""
    if tokens < _TOKENS_OF_TWO_CHUNKS:
        return 1
    return 2 * max(1, -(-tokens // (2 * _TOKENS_PER_CHUNK)))
