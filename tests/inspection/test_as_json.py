from __future__ import annotations

import json

from rasa_randconn.inspection.as_json import model_as_json
from rasa_randconn.inspection.layers import Component, Layer

COMPONENTS = [
    Component(
        "A",
        [
            Layer("a", (4, 5), 0.5, "grouped", 10, 15, 80),
            Layer("b", (5,), None, None, 0, 5, 20),
        ],
    ),
    Component("B", [Layer("c", (3, 5), 1.0, "dense", 15, 20, 80)]),
]


def test_it_has_every_layer_and_the_sums_of_components_and_model():
    found = json.loads(json.dumps(model_as_json(COMPONENTS)))

    assert found == {
        "components": [
            {
                "name": "A",
                "layers": [
                    {
                        "name": "a",
                        "shape": [4, 5],
                        "density": 0.5,
                        "pattern": "grouped",
                        "connections": 10,
                        "weights": 15,
                        "bytes": 80,
                    },
                    {
                        "name": "b",
                        "shape": [5],
                        "density": None,
                        "pattern": None,
                        "connections": 0,
                        "weights": 5,
                        "bytes": 20,
                    },
                ],
                "all": _sum(2, 10, 20, 100),
                "randomly_connected": _sum(1, 10, 15, 80),
                "randomly_connected_share": 0.75,
            },
            {
                "name": "B",
                "layers": [
                    {
                        "name": "c",
                        "shape": [3, 5],
                        "density": 1.0,
                        "pattern": "dense",
                        "connections": 15,
                        "weights": 20,
                        "bytes": 80,
                    }
                ],
                "all": _sum(1, 15, 20, 80),
                "randomly_connected": _sum(0, 0, 0, 0),
                "randomly_connected_share": 0.0,
            },
        ],
        "all": _sum(3, 25, 40, 180),
        "randomly_connected": _sum(1, 10, 15, 80),
        "randomly_connected_share": 0.375,
    }


def _sum(layers, connections, weights, size):
    return {
        "layers": layers,
        "connections": connections,
        "weights": weights,
        "bytes": size,
    }
