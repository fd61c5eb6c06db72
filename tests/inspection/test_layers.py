from __future__ import annotations

import pytest

from rasa_randconn.inspection.layers import (
    Layer,
    Totals,
    randomly_connected,
    share_of_weights,
    totals,
)

RANDOM = Layer("a", (4, 5), 0.5, "grouped", 10, 15, 80)
DENSE = Layer("b", (3, 5), 1.0, "dense", 15, 20, 90)
NORM = Layer("c", (5,), None, None, 0, 10, 40)


def test_sums_are_those_of_all_layers():
    assert totals([RANDOM, DENSE, NORM]) == Totals(3, 25, 45, 210)
    assert randomly_connected([RANDOM, DENSE, NORM]) == Totals(1, 10, 15, 80)


def test_the_share_counts_biases_and_layers_without_a_kernel():
    assert share_of_weights([RANDOM, DENSE, NORM]) == pytest.approx(15 / 45)
    assert share_of_weights([]) == 0
