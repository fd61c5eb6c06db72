"""What a chunk of a batch is, and the options of its pass."""

from __future__ import annotations

from typing import NamedTuple, Optional

import numpy as np

from rasa_randconn.kernels.dropout import DropoutRate


class PassOptions(NamedTuple):
    """Options and seed of a pass, the same for all its chunks.

    Attributes:
        heads: Number of attention heads.
        unidirectional: Whether keys ahead of the query are out of sight.
        max_relative_position: Distance beyond which relative positions are not told
            apart.
        rate: Dropout of units.
        key_rate: Dropout of keys.
        seed: Seed of both.
    """

    heads: int
    unidirectional: bool
    max_relative_position: int
    rate: DropoutRate
    key_rate: DropoutRate
    seed: int


class Chunk(NamedTuple):
    """Whole examples that are computed together.

    Behind their tokens are some that belong to no example and change nothing, so that
    there is a whole number of vectors.

    Attributes:
        number: Number of the chunk in its batch.
        first_example: Its first example in the batch.
        first_token: Its first token in the batch.
        positions: Position of every token in its example, and zeros.
        starts: First token of every example, and the number of tokens at the end.
        wanted: The tokens whose activations are asked for; all if `None`.
        first_output: Where its activations begin among those of the batch.
        attention_weights: Attention weights of all layers, `[layers, pairs]`.
    """

    number: int
    first_example: int
    first_token: int
    positions: np.ndarray
    starts: np.ndarray
    wanted: Optional[np.ndarray]
    first_output: int
    attention_weights: np.ndarray

    @property
    def outputs(self) -> int:
        """Number of tokens whose activations are asked for."""
        return int(self.starts[-1]) if self.wanted is None else len(self.wanted)
