from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rasa_randconn.connections import (
    PATTERNS,
    connectivity_from_arrays,
    sample_connectivity,
)

SIZES = st.integers(1, 70)
DENSITIES = st.floats(0.0, 1.0)
SEEDS = st.integers(0, 2**32 - 1)
LARGE_SHAPES = [(256, 1024), (1024, 256), (128, 256), (20, 1000), (997, 13), (1, 500)]

every_pattern = pytest.mark.parametrize("pattern", PATTERNS)
many_examples = settings(deadline=None, max_examples=100, derandomize=True)


def expected_count(pattern, inputs, units, density):
    if pattern == "unstructured":
        return max(round(density * inputs * units), inputs, units)
    return max(units * max(1, round(density * inputs)), inputs)


def assert_sound(connectivity, density):
    """Both guarantees, no duplicates and the exact count, seen in the raw indices."""
    inputs, units = connectivity.inputs, connectivity.units
    rows, columns = connectivity.indices()
    np.testing.assert_array_equal(np.unique(rows), np.arange(inputs))
    np.testing.assert_array_equal(np.unique(columns), np.arange(units))
    assert len(np.unique(rows * units + columns)) == len(rows)
    count = expected_count(connectivity.pattern, inputs, units, density)
    assert connectivity.count == len(rows) == len(columns) == count


@every_pattern
@many_examples
@given(inputs=SIZES, units=SIZES, density=DENSITIES, seed=SEEDS)
def test_every_output_has_an_input_and_every_input_an_output(
    pattern, inputs, units, density, seed
):
    assert_sound(sample_connectivity(pattern, inputs, units, density, seed), density)


@every_pattern
@pytest.mark.parametrize("inputs, units", LARGE_SHAPES)
@pytest.mark.parametrize("density", [0.0, 0.003, 0.05, 0.2, 0.55, 0.99])
def test_guarantees_hold_for_large_layers(pattern, inputs, units, density):
    assert_sound(sample_connectivity(pattern, inputs, units, density, 7), density)


@every_pattern
@pytest.mark.parametrize("inputs, units", [(1, 7), (7, 1), (64, 256), (256, 64)])
def test_density_zero_leaves_the_fewest_connections(pattern, inputs, units):
    connectivity = sample_connectivity(pattern, inputs, units, 0.0, 1)
    assert connectivity.count == max(inputs, units)
    assert_sound(connectivity, 0.0)


@every_pattern
@many_examples
@given(inputs=SIZES, units=SIZES, seed=SEEDS)
def test_density_one_is_dense_in_the_order_of_a_dense_kernel(
    pattern, inputs, units, seed
):
    connectivity = sample_connectivity(pattern, inputs, units, 1.0, seed)
    assert connectivity.is_dense
    assert connectivity.mask().all()
    rows, columns = connectivity.indices()
    np.testing.assert_array_equal(rows * units + columns, np.arange(inputs * units))


@every_pattern
@pytest.mark.parametrize("seed", [0, 123, (1, 2)])
def test_same_seed_draws_the_same_and_another_seed_another_pattern(pattern, seed):
    first, same, other = (
        sample_connectivity(pattern, 40, 24, 0.2, s).mask() for s in (seed, seed, 99)
    )
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


@every_pattern
def test_without_a_seed_every_draw_differs(pattern):
    first, second = (sample_connectivity(pattern, 40, 24, 0.2).mask() for _ in range(2))
    assert (first != second).any()


def mask_hash(pattern):
    mask = sample_connectivity(pattern, 128, 256, 0.2, (42, 1234567)).mask()
    return hashlib.sha256(np.packbits(mask).tobytes()).hexdigest()


def test_draws_are_the_same_in_a_new_process():
    script = (
        "import hashlib, numpy as np\n"
        "from rasa_randconn.connections import PATTERNS, sample_connectivity\n"
        "for pattern in PATTERNS:\n"
        "    mask = sample_connectivity(pattern, 128, 256, 0.2, (42, 1234567)).mask()\n"
        "    print(hashlib.sha256(np.packbits(mask).tobytes()).hexdigest())\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    assert printed.split() == [mask_hash(pattern) for pattern in PATTERNS]


def test_drawing_leaves_numpys_global_state_alone():
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    for pattern in PATTERNS:
        sample_connectivity(pattern, 30, 20, 0.3)
    assert np.random.random() == expected


@every_pattern
@pytest.mark.parametrize(
    "density", [float("nan"), "0.2", True, False, -0.1, 1.1, None, [0.2], float("inf")]
)
def test_a_wrong_density_is_named_in_the_error(pattern, density):
    with pytest.raises(ValueError, match="between 0 and 1") as error:
        sample_connectivity(pattern, 8, 8, density, 1)
    assert repr(density) in str(error.value)


@every_pattern
@pytest.mark.parametrize("density", [0, 1, np.float32(0.25), np.int64(1)])
def test_every_kind_of_real_number_is_a_density(pattern, density):
    connectivity = sample_connectivity(pattern, 8, 8, density, 1)
    assert connectivity.count == max(8, 64 * density)


@pytest.mark.parametrize("pattern", ["", "Grouped", "random", None, 1, ["grouped"]])
def test_an_unknown_pattern_is_refused_with_the_known_ones(pattern):
    for call in (
        lambda: sample_connectivity(pattern, 8, 8, 0.5, 1),
        lambda: connectivity_from_arrays(pattern, 8, 8, 8, {}),
    ):
        with pytest.raises(ValueError, match="grouped, unstructured") as error:
            call()
        assert repr(pattern) in str(error.value)


@every_pattern
@pytest.mark.parametrize("inputs, units", [(0, 3), (3, 0), (-1, 3)])
def test_sizes_below_one_are_refused(pattern, inputs, units):
    with pytest.raises(ValueError, match=f"not {inputs} and {units}"):
        sample_connectivity(pattern, inputs, units, 0.5, 1)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_missing_arrays_are_named(pattern):
    with pytest.raises(ValueError, match="is missing"):
        connectivity_from_arrays(pattern, 4, 4, 4, {})


def test_arrays_of_another_rank_are_refused():
    arrays = sample_connectivity("grouped", 12, 8, 0.4, 1).to_arrays()
    arrays["block_shapes"] = arrays["block_shapes"].ravel()
    with pytest.raises(ValueError, match="dimensions"):
        connectivity_from_arrays("grouped", 12, 8, 8, arrays)
