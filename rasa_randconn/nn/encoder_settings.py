"""Shape and options of the encoder."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EncoderSettings:
    """Shape and options of a transformer encoder; the meanings are Rasa's.

    Attributes:
        layers: Number of encoder layers.
        units: Number of units, a multiple of `heads`.
        heads: Number of attention heads.
        filter_units: Number of units between the two feed-forward layers.
        dropout_rate: Dropout of the embedding, attention output and feed-forward.
        attention_dropout_rate: Dropout of attention weights.
        unidirectional: Whether a token sees only itself and what came before it.
        use_key_relative_position: Whether keys have relative position embeddings.
        use_value_relative_position: Whether values have relative position embeddings.
        max_relative_position: Distance beyond which positions are not told apart.
        heads_share_relative_embedding: Whether all heads use the same ones.
        embedding_l2: Factor of the squared weights of the embedding in the loss.
    """

    layers: int
    units: int
    heads: int
    filter_units: int
    dropout_rate: float = 0.1
    attention_dropout_rate: float = 0.0
    unidirectional: bool = False
    use_key_relative_position: bool = False
    use_value_relative_position: bool = False
    max_relative_position: int = 5
    heads_share_relative_embedding: bool = False
    embedding_l2: float = 0.0

    def __post_init__(self) -> None:
        """Checks what cannot work.

        Raises:
            ValueError: If the units cannot be shared out among the heads, or relative
                positions are wanted without a distance.
        """
        if self.units % self.heads:
            raise ValueError(
                f"The transformer size {self.units} must be a multiple of the number "
                f"of attention heads {self.heads}."
            )
        is_relative = self.use_key_relative_position or self.use_value_relative_position
        if is_relative and self.max_relative_position < 0:
            raise ValueError(
                f"The maximal relative position must not be negative, not "
                f"{self.max_relative_position}."
            )

    @property
    def depth(self) -> int:
        """Number of units of one head."""
        return self.units // self.heads

    @property
    def relative_distances(self) -> int:
        """Number of relative embeddings: the past, the present and the future."""
        future = 0 if self.unidirectional else self.max_relative_position
        return self.max_relative_position + 1 + future
