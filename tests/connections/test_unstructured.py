from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rasa_randconn.connections import UnstructuredConnectivity, sample_connectivity


def draw(inputs, units, density, seed=1):
    return sample_connectivity("unstructured", inputs, units, density, seed)


def test_the_articles_example_has_16_connections_with_the_diagonal():
    connectivity = draw(8, 8, 0.25)
    assert connectivity.count == 16
    assert connectivity.mask().diagonal().all()


@pytest.mark.parametrize("inputs, units", [(5, 13), (13, 5), (6, 6)])
def test_the_fewest_connections_are_a_repeated_diagonal(inputs, units):
    mask = draw(inputs, units, 0.0).mask()
    repeats = np.ceil([units / min(inputs, units), inputs / min(inputs, units)])
    diagonals = np.tile(np.eye(min(inputs, units)), (int(repeats[1]), int(repeats[0])))
    np.testing.assert_array_equal(mask, diagonals[:inputs, :units])


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    inputs=st.integers(1, 70),
    units=st.integers(1, 70),
    density=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_kernel_lies_row_by_row(inputs, units, density, seed):
    rows, columns = draw(inputs, units, density, seed).indices()
    assert (np.diff(rows * units + columns) > 0).all()


def test_connections_beyond_the_cover_are_spread_evenly():
    sampled = np.mean([draw(12, 12, 0.5, seed).mask() for seed in range(400)], axis=0)
    off_diagonal = sampled[~np.eye(12, dtype=bool)]
    # 60 of 132 positions; a mean of 400 draws has a standard deviation of 0.025.
    np.testing.assert_allclose(off_diagonal, 60 / 132, atol=0.125)


# Input 1 has the outputs 0 and 1; the others have one output each.
FEW = {
    "fan_outs": np.array([1, 2, 1, 1], np.uint8),
    "unit_indices": np.array([0, 0, 1, 2, 3], np.uint8),
}


@pytest.mark.parametrize(
    "damage",
    [
        {"unit_indices": FEW["unit_indices"][:-1]},
        {"unit_indices": np.append(FEW["unit_indices"], np.uint8(0))},
        {"fan_outs": FEW["fan_outs"][:-1]},
        {"fan_outs": np.append(FEW["fan_outs"], np.uint8(0))},
        {"fan_outs": np.array([1, 2, 2, 1], np.uint8)},
        {"fan_outs": np.array([0, 3, 1, 1], np.uint8)},
        {"unit_indices": np.array([0, 1, 1, 2, 3], np.uint8)},
        {"unit_indices": np.array([0, 0, 1, 2, 2], np.uint8)},
        {"unit_indices": np.array([0, 0, 1, 2, 4], np.uint8)},
    ],
    ids=[
        "outputs cut off",
        "one output too many",
        "rows cut off",
        "one row too many",
        "longer rows",
        "an input without output",
        "a connection twice",
        "an output without input",
        "no such output",
    ],
)
def test_damaged_arrays_are_refused(damage):
    UnstructuredConnectivity.from_arrays(4, 4, 5, FEW)
    damaged = {**FEW, **damage}
    count = len(damaged["unit_indices"])
    with pytest.raises(ValueError):
        UnstructuredConnectivity.from_arrays(4, 4, count, damaged)


def test_another_number_of_connections_is_refused():
    with pytest.raises(ValueError, match="as many connections"):
        UnstructuredConnectivity.from_arrays(4, 4, 6, FEW)


@pytest.mark.parametrize("columns", [[0, 4, 1, 2, 3], [3, 0, 1, 2, 3]])
def test_connections_outside_or_out_of_order_are_refused(columns):
    arrays = {
        "fan_outs": np.array([2, 1, 1, 1], dtype=np.uint8),
        "unit_indices": np.array(columns, dtype=np.uint8),
    }
    with pytest.raises(ValueError, match=r"outside|order"):
        UnstructuredConnectivity.from_arrays(4, 4, 5, arrays)
