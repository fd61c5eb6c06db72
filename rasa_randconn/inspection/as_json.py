"""The layers of a model as JSON, for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Dict, Sequence

from rasa_randconn.inspection.layers import (
    Component,
    Layer,
    randomly_connected,
    share_of_weights,
    totals,
)


def model_as_json(components: Sequence[Component]) -> Dict[str, Any]:
    """Describes the layers of a model in values that JSON has.

    Args:
        components: The components of a model.

    Returns:
        A mapping with the key `components`, a list, and the keys of a sum for the
        model. Each component has a `name`, its `layers` and the keys of a sum. Each
        layer has the keys `name`, `shape`, `density`, `pattern`, `connections`,
        `weights` and `bytes`, with the meanings of `Layer`. The keys of a sum are
        `all` and `randomly_connected`, with the number of `layers`, `connections`,
        `weights` and `bytes`, and `randomly_connected_share`, the fraction of all
        weights that are in randomly connected layers, from 0 to 1. All counts and
        bytes are whole numbers.
    """
    layers = [layer for component in components for layer in component.layers]
    return {
        "components": [
            {
                "name": component.name,
                "layers": [asdict(layer) for layer in component.layers],
                **_sums(component.layers),
            }
            for component in components
        ],
        **_sums(layers),
    }


def _sums(layers: Sequence[Layer]) -> Dict[str, Any]:
    return {
        "all": asdict(totals(layers)),
        "randomly_connected": asdict(randomly_connected(layers)),
        "randomly_connected_share": share_of_weights(layers),
    }
