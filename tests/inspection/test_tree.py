from __future__ import annotations

from rasa_randconn.inspection.layers import Layer
from rasa_randconn.inspection.tree import tree_of

NAMES = [
    "text/encoder/layer_0/query",
    "text/encoder/layer_0/key",
    "text/encoder/norm",
    "text/encoder",
    "embed.text",
    "embed.label",
    "features_of_turns.of_the_intent/sparse_to_dense",
]


def lines(width):
    layers = [Layer(name, (1, 1), 1.0, "dense", 1, 1, 4) for name in NAMES]
    return list(tree_of(layers, width))


def test_every_path_can_be_read_down_the_lines():
    for width in (5, 20, 100):
        found, above = [], []
        for line in lines(width):
            depth = (len(line.label) - len(line.label.lstrip())) // 2
            above = [*above[:depth], line.label.strip()]
            if line.layer is not None:
                assert "".join(above) == line.layer.name
                found.append(line.layer.name)
        assert sorted(found) == sorted(NAMES)


def test_common_beginnings_are_written_once():
    assert [line.label for line in lines(34)] == [
        "text/",
        "  encoder/",
        "    layer_0/",
        "      query",
        "      key",
        "    norm",
        "  encoder",
        "embed.",
        "  text",
        "  label",
        "features_of_turns.of_the_intent/",
        "  sparse_to_dense",
    ]
