"""How the connections of a model's layers are sampled."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Dict, Mapping, Tuple, Union

from rasa_randconn.connections.connectivity import Connectivity
from rasa_randconn.connections.sampling import sample_connectivity

ATTENTION = "attention"
FEED_FORWARD = "feed_forward"
EMBEDDING = "embedding"
HIDDEN_LAYERS = "hidden_layers"

#: Each kind of randomly connected layer can have a density of its own:
#: query, key, value and output of the attention; the two feed-forward layers; the
#: embedding before the encoder; the layers outside the encoder (those of
#: `hidden_layers_sizes`, of `concat_dimension` and of `encoding_dimension`).
LAYER_KINDS = (ATTENTION, FEED_FORWARD, EMBEDDING, HIDDEN_LAYERS)


@dataclass(frozen=True)
class ConnectionSettings:
    """How the connections of all layers of one model are sampled.

    Attributes:
        densities: Density of every layer kind.
        pattern: Name of the pattern, the same for all layers.
        seed: The component's `random_seed`.
    """

    densities: Mapping[str, float]
    pattern: str
    seed: int

    def sample(
        self, path: str, layer_kind: str, inputs: int, units: int
    ) -> Connectivity:
        """Samples the connections of one layer.

        The connections do not depend on the order in which layers are created.

        Args:
            path: Path of the layer within the model, unique there.
            layer_kind: One of `LAYER_KINDS`.
            inputs: Number of inputs.
            units: Number of outputs.
        """
        density = self.densities[layer_kind]
        return sample_connectivity(
            self.pattern, inputs, units, density, self.seed_of(path)
        )

    def seed_of(self, path: str) -> Tuple[int, int]:
        """Seed of the connections of the layer at a path."""
        return self.seed % 2**32, zlib.crc32(path.encode("utf-8"))


def densities_by_kind(densities: Union[float, Mapping[str, float]]) -> Dict[str, float]:
    """Density of every layer kind.

    Args:
        densities: The option `connection_density`: a number, or a mapping of all of
            `LAYER_KINDS`.

    Returns:
        A mapping with all of `LAYER_KINDS`.
    """
    if isinstance(densities, (int, float)):
        return dict.fromkeys(LAYER_KINDS, float(densities))
    return {name: float(densities[name]) for name in LAYER_KINDS}
