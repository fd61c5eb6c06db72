"""The dropout of one pass through the encoder."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.kernels.dropout import DropoutRate, dropout_rate, seed_of
from rasa_randconn.nn.encoder_settings import EncoderSettings

# Tells the dropout before the first layer from those of layers, which have two numbers.
_EMBEDDING = -1

#: Number of dropouts in each layer.
DROPOUTS_OF_LAYER = 4


class ChunkDropout(NamedTuple):
    """Rates and seeds of a chunk in one pass.

    Attributes:
        unit_rate: Dropout of units.
        key_rate: Dropout of keys.
        seeds: The seed of each dropout, by its place in the encoder.
    """

    unit_rate: DropoutRate
    key_rate: DropoutRate
    seeds: Dict[Tuple[int, ...], np.uint32]

    def of_embedding(self) -> Tuple[np.uint32, np.uint32, np.float32]:
        """Seed, threshold and scale of the dropout before the first layer."""
        return (self.seeds[(_EMBEDDING,)], *self.unit_rate)

    def of_units(
        self, layer: int, number: int
    ) -> Tuple[np.uint32, np.uint32, np.float32]:
        """Seed, threshold and scale for kernels.

        Args:
            layer: Number of the layer.
            number: Number of the dropout in its layer.
        """
        return (self.seeds[layer, number], *self.unit_rate)

    def of_keys(self, layer: int, number: int) -> Tuple[np.uint32, np.uint32]:
        """Seed and threshold for keys, which are hidden rather than scaled."""
        return self.seeds[layer, number], self.key_rate.threshold


class EncoderDropout(NamedTuple):
    """Rates and seed of a pass, the same for all its chunks.

    Attributes:
        unit_rate: Dropout of units.
        key_rate: Dropout of keys.
        seed: Seed of both; `None` drops nothing.
        layers: Number of layers.
    """

    unit_rate: DropoutRate
    key_rate: DropoutRate
    seed: Optional[int]
    layers: int

    @classmethod
    def of_pass(cls, settings: EncoderSettings, seed: Optional[int]) -> EncoderDropout:
        """The dropout of a pass.

        Args:
            settings: Options of the encoder.
            seed: Seed of the pass; `None` drops nothing.
        """
        is_training = seed is not None
        return cls(
            dropout_rate(settings.dropout_rate if is_training else 0.0),
            dropout_rate(settings.attention_dropout_rate if is_training else 0.0),
            seed,
            settings.layers,
        )

    def of_chunk(self, chunk: int) -> ChunkDropout:
        """The dropout of one chunk, given its number."""
        places: List[Tuple[int, ...]] = [(_EMBEDDING,)]
        places += [
            (layer, number)
            for layer in range(self.layers)
            for number in range(DROPOUTS_OF_LAYER)
        ]
        if self.seed is None:
            seeds = dict.fromkeys(places, np.uint32(0))
        else:
            seeds = {place: seed_of(self.seed, chunk, *place) for place in places}
        return ChunkDropout(self.unit_rate, self.key_rate, seeds)
