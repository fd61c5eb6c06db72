from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rasa_randconn.connections import Block, GroupedConnectivity, sample_connectivity

SIZES = st.integers(1, 70)
many_examples = settings(deadline=None, max_examples=100, derandomize=True)
any_layer = given(
    inputs=SIZES,
    units=SIZES,
    density=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**32 - 1),
)


def draw(inputs, units, density, seed=1):
    return sample_connectivity("grouped", inputs, units, density, seed)


@many_examples
@any_layer
def test_every_output_has_the_same_fan_in(inputs, units, density, seed):
    fan_ins = draw(inputs, units, density, seed).mask().sum(axis=0)
    wanted = max(1, round(density * inputs))
    if wanted * units >= inputs:
        assert set(fan_ins) == {wanted}
    else:  # Too few weights to read every input: they are dealt out evenly instead.
        assert set(fan_ins) <= {inputs // units, -(-inputs // units)}


@many_examples
@any_layer
def test_numbers_of_groups_that_read_two_inputs_differ_by_at_most_one(
    inputs, units, density, seed
):
    connectivity = draw(inputs, units, density, seed)
    read = np.concatenate(
        [block.input_indices.ravel() for block in connectivity.blocks]
    )
    readers = np.bincount(read, minlength=inputs)
    assert readers.max() - readers.min() <= 1


@many_examples
@any_layer
def test_outputs_of_one_group_lie_together_and_read_the_same_inputs(
    inputs, units, density, seed
):
    connectivity = draw(inputs, units, density, seed)
    mask = connectivity.mask()
    first = 0
    for block in connectivity.blocks:
        for group_inputs in block.input_indices:
            stop = first + block.units_per_group
            expected = np.zeros((inputs, block.units_per_group), dtype=bool)
            expected[group_inputs] = True
            np.testing.assert_array_equal(mask[:, first:stop], expected)
            first = stop
    assert first == units


@many_examples
@any_layer
def test_group_sizes_differ_by_at_most_one(inputs, units, density, seed):
    connectivity = draw(inputs, units, density, seed)
    sizes = {block.units_per_group for block in connectivity.blocks}
    assert max(sizes) - min(sizes) <= 1
    assert len(connectivity.blocks) <= 2


@many_examples
@given(inputs=SIZES, units=SIZES)
def test_groups_never_become_fewer_as_density_falls(inputs, units):
    groups = [draw(inputs, units, d / 10).groups for d in range(10, -1, -1)]
    assert groups == sorted(groups)
    assert groups[0] == 1


def test_groups_rise_in_number_as_density_falls():
    groups = [draw(256, 256, d).groups for d in (1.0, 0.5, 0.1, 0.05, 0.0)]
    assert groups == sorted(set(groups))
    assert groups[-1] == 256


@pytest.mark.parametrize("inputs, units", [(256, 256), (20, 50), (64, 17), (64, 5)])
@pytest.mark.parametrize("density", [0.9, 0.5, 0.2])
def test_there_are_at_least_sixteen_groups_or_one_per_unit(inputs, units, density):
    assert draw(inputs, units, density).groups >= min(units, 16)


@pytest.mark.parametrize("inputs, units", [(256, 256), (128, 256), (256, 1024)])
@pytest.mark.parametrize("density", [0.5, 0.3, 0.2, 0.1, 0.05])
def test_more_than_a_quarter_of_all_pairs_of_inputs_meet(inputs, units, density):
    mask = draw(inputs, units, density).mask().astype(int)
    meets = mask @ mask.T > 0
    assert (meets.sum() - inputs) / (inputs * (inputs - 1)) > 0.25


def test_a_single_block_is_enough_where_sizes_divide():
    connectivity = draw(128, 256, 0.25)
    (block,) = connectivity.blocks
    assert (block.groups, block.fan_in, block.units_per_group) == (16, 32, 16)
    assert block.units == connectivity.units
    assert block.count == connectivity.count == 8192


def arrays_with(**changes):
    return {**draw(12, 8, 0.4).to_arrays(), **changes}


def stored_inputs(edit):
    indices = arrays_with()["input_indices"].copy()
    edit(indices)
    return indices


@pytest.mark.parametrize(
    "damage",
    [
        {"input_indices": arrays_with()["input_indices"][:-1]},
        {"input_indices": np.append(arrays_with()["input_indices"], np.uint8(0))},
        {"input_indices": stored_inputs(lambda a: a.__setitem__(0, 12))},
        {"input_indices": stored_inputs(lambda a: a.__setitem__(0, a[1]))},
        # Every group reads the same inputs, so the others reach no output.
        {
            "input_indices": np.tile(np.arange(5, dtype=np.uint8), 4),
            "block_shapes": np.array([[4, 5, 2]], dtype=np.uint32),
        },
        {"block_shapes": np.array([[1, 5, 2]], dtype=np.uint32)},
        {"block_shapes": arrays_with()["block_shapes"][:, :2]},
        {"block_shapes": arrays_with()["block_shapes"] + np.uint32(1)},
        {
            "input_indices": np.empty(0, np.uint8),
            "block_shapes": np.array([[4, 0, 2]], dtype=np.uint32),
        },
    ],
    ids=[
        "cut off",
        "one too many",
        "no such input",
        "an input twice in a group",
        "an input without output",
        "too few units",
        "shapes without a column",
        "larger groups",
        "outputs without input",
    ],
)
def test_damaged_arrays_are_refused(damage):
    GroupedConnectivity.from_arrays(12, 8, count_of(arrays_with()), arrays_with())
    damaged = arrays_with(**damage)
    with pytest.raises(ValueError):
        GroupedConnectivity.from_arrays(12, 8, count_of(damaged), damaged)


def count_of(arrays):
    return int(arrays["block_shapes"].prod(axis=1).sum())


@pytest.mark.parametrize("shape", [[2**20, 5, 2**20], [-4, 5, -2], [4, 5, 0]])
def test_groups_of_impossible_sizes_are_refused_at_once(shape):
    damaged = arrays_with(block_shapes=np.array([shape], np.int64))
    with pytest.raises(ValueError, match="as many connections"):
        GroupedConnectivity.from_arrays(12, 8, 40, damaged)


def test_groups_must_make_up_all_units():
    with pytest.raises(ValueError, match="4 units, the layer has 5"):
        GroupedConnectivity(2, 5, [Block(np.array([[0], [1]]), 2)])
