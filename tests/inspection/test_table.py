from __future__ import annotations

import pytest
from rich.console import Console

from rasa_randconn.inspection.layers import Component, Layer
from rasa_randconn.inspection.table import WIDTH, model_table

LONG = "sequence_layer.text/feature_combining/unify_dims_before_seq_sent_concat"
COMPONENTS = [
    Component(
        "train_rasa_randconn.RandConnResponseSelector12",
        [
            Layer(f"{LONG}.sequence", (100, 128), 0.2, "grouped", 2560, 2688, 10752),
            Layer(f"{LONG}.sentence", (100, 64), 0.2, "grouped", 1280, 1344, 5376),
            Layer(
                "input/sparse_to_dense",
                (123456, 1024),
                1.0,
                "dense",
                126418944,
                126419968,
                505679872,
            ),
            Layer("norm", (128,), None, None, 0, 256, 1024),
        ],
    ),
    Component(
        "RandConnTEDPolicy",
        [Layer("embedding", (10, 20), 0.5, "unstructured", 100, 120, 500)],
    ),
]


@pytest.fixture
def output():
    console = Console(width=WIDTH, record=True, file=open("/dev/null", "w"))
    console.print(model_table(COMPONENTS))
    return console.export_text()


def test_it_fits_the_terminal(output):
    assert max(map(len, output.splitlines())) <= WIDTH


def test_nothing_is_cut(output):
    assert "…" not in output
    text = "".join(output.split())
    for name in (COMPONENTS[0].name, "sequence", "sentence", "unstructured"):
        assert name in text
    for number in ("126,418,944", "505,679,872"):
        assert number in output


def test_components_and_the_model_have_sums(output):
    lines = [line.split() for line in output.splitlines()]
    assert ["2", "randomly", "connected", "layers,", "3,840", "16,128"] in lines
    assert ["4", "layers", "in", "all", "126,422,784", "505,697,024"] in lines
    assert ["1", "randomly", "connected", "layer,", "100", "500"] in lines
    assert ["100%", "of", "all", "weights"] in lines
    assert ["3", "randomly", "connected", "layers,", "3,940", "16,628"] in lines
    assert ["5", "layers", "in", "all", "126,422,884", "505,697,524"] in lines
