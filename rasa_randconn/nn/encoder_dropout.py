"""The dropout of one pass through the encoder."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.kernels.dropout import DropoutRate, dropout_rate, seed_of
from rasa_randconn.nn.encoder_settings import EncoderSettings


class EncoderDropout(NamedTuple):
    """Rates and seed of a pass, the same for all its chunks.

    Attributes:
        unit_rate: Dropout of units.
        key_rate: Dropout of keys.
        seed: Seed of both.
    """

    unit_rate: DropoutRate
    key_rate: DropoutRate
    seed: int

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
            seed or 0,
        )

    def of_units(self, *position: int) -> Tuple[np.uint32, np.uint32, np.float32]:
        """Seed, threshold and scale for kernels.

        Args:
            *position: Numbers that tell this dropout from all others of the pass.
        """
        return (seed_of(self.seed, *position), *self.unit_rate)

    def of_keys(self, *position: int) -> Tuple[np.uint32, np.uint32]:
        """Seed and threshold for keys, which are hidden rather than scaled."""
        return seed_of(self.seed, *position), self.key_rate.threshold
