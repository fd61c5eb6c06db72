"""How the connections of a model's layers are drawn."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Mapping

from rasa_randconn.layers.randomly_connected_dense import RandomlyConnectedDense

ATTENTION = "attention"
FEED_FORWARD = "feed_forward"
EMBEDDING = "embedding"
HIDDEN_LAYERS = "hidden_layers"

#: Kinds of randomly connected layers, each of which can have a density of its own:
#: query, key, value and output of the attention; the two feed-forward layers; the
#: embedding before the encoder; the layers outside the encoder (those of
#: `hidden_layers_sizes`, of `concat_dimension` and of `encoding_dimension`).
KINDS = (ATTENTION, FEED_FORWARD, EMBEDDING, HIDDEN_LAYERS)


@dataclass(frozen=True)
class ConnectionSettings:
    """How the connections of all layers of one model are drawn.

    Attributes:
        densities: Density of every kind of layer.
        pattern: Name of the pattern, the same for all layers.
        seed: The component's `random_seed`.
    """

    densities: Mapping[str, float]
    pattern: str
    seed: int

    def dense_layer(
        self, units: int, kind: str, place: str, **kwargs: Any
    ) -> RandomlyConnectedDense:
        """Makes the layer at one place of the model.

        The pattern's seed follows from the component's seed and the place, so that it
        does not depend on the order in which layers are made.

        Args:
            units: Number of outputs.
            kind: One of `KINDS`.
            place: Path of the layer within the model, unique there.
            **kwargs: Other arguments of the layer.

        Returns:
            The layer, not yet built.
        """
        return RandomlyConnectedDense(
            units,
            density=self.densities[kind],
            pattern=self.pattern,
            seed=(self.seed % 2**32, zlib.crc32(place.encode("utf-8"))),
            **kwargs,
        )
