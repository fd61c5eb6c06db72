from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rasa_randconn.connections import (
    PATTERNS,
    UnstructuredConnectivity,
    connectivity_from_arrays,
    sample_connectivity,
)
from rasa_randconn.connections.connectivity import index_dtype

every_pattern = pytest.mark.parametrize("pattern", PATTERNS)
any_layer = given(
    inputs=st.integers(1, 70),
    units=st.integers(1, 70),
    density=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**32 - 1),
)
many_examples = settings(deadline=None, max_examples=60, derandomize=True)


@every_pattern
@many_examples
@any_layer
def test_arrays_rebuild_the_same_connections_in_the_same_order(
    pattern, inputs, units, density, seed
):
    sampled = sample_connectivity(pattern, inputs, units, density, seed)
    rebuilt = connectivity_from_arrays(
        pattern, inputs, units, sampled.count, sampled.to_arrays()
    )
    assert type(rebuilt) is type(sampled)
    np.testing.assert_array_equal(rebuilt.indices(), sampled.indices())


@every_pattern
@many_examples
@any_layer
def test_pack_and_unpack_are_inverse(pattern, inputs, units, density, seed):
    connectivity = sample_connectivity(pattern, inputs, units, density, seed)
    packed = np.arange(1, connectivity.count + 1, dtype=np.float32)
    dense = connectivity.unpack(packed)
    assert dense.shape == (inputs, units)
    assert dense.dtype == packed.dtype
    np.testing.assert_array_equal(dense != 0, connectivity.mask())
    np.testing.assert_array_equal(connectivity.pack(dense), packed)

    full = np.random.default_rng(seed).normal(size=(inputs, units))
    np.testing.assert_array_equal(
        connectivity.unpack(connectivity.pack(full)),
        np.where(connectivity.mask(), full, 0.0),
    )


@every_pattern
@pytest.mark.parametrize("shape", [(6, 4), (24,), (4, 6, 1)])
def test_a_dense_kernel_of_other_sizes_cannot_be_packed(pattern, shape):
    connectivity = sample_connectivity(pattern, 4, 6, 0.5, 1)
    with pytest.raises(ValueError, match=r"\(4, 6\)"):
        connectivity.pack(np.zeros(shape))


@every_pattern
@pytest.mark.parametrize("inputs, units", [(30, 10), (10, 30), (16, 16)])
def test_fans_are_the_mean_numbers_of_existing_connections(pattern, inputs, units):
    connectivity = sample_connectivity(pattern, inputs, units, 0.3, 1)
    mask = connectivity.mask()
    assert connectivity.fan_in == pytest.approx(mask.sum(axis=0).mean())
    assert connectivity.fan_out == pytest.approx(mask.sum(axis=1).mean())


@pytest.mark.parametrize(
    "size, dtype",
    [
        (1, np.uint8),
        (256, np.uint8),
        (257, np.uint16),
        (65536, np.uint16),
        (65537, np.uint32),
    ],
)
def test_indices_have_the_smallest_type_that_can_name_them(size, dtype):
    assert index_dtype(size) == dtype


@pytest.mark.parametrize(
    "pattern, array, inputs, units, dtype",
    [
        ("grouped", "input_indices", 256, 300, np.uint8),
        ("grouped", "input_indices", 257, 3, np.uint16),
        ("unstructured", "unit_indices", 300, 256, np.uint8),
        ("unstructured", "unit_indices", 3, 257, np.uint16),
        # A fan-out counts up to the number of units itself.
        ("unstructured", "fan_outs", 3, 255, np.uint8),
        ("unstructured", "fan_outs", 3, 256, np.uint16),
    ],
)
def test_stored_indices_are_as_small_as_possible(pattern, array, inputs, units, dtype):
    connectivity = sample_connectivity(pattern, inputs, units, 1.0, 1)
    assert connectivity.to_arrays()[array].dtype == dtype


def test_a_pattern_that_stores_a_dense_kernel_in_another_order_is_refused():
    class ByUnit(UnstructuredConnectivity):
        def indices(self):
            columns, rows = np.divmod(np.arange(self.count), self.inputs)
            return rows, columns

    with pytest.raises(ValueError, match="not in the order of a kernel"):
        ByUnit(2, 3, np.arange(6)).check()
    ByUnit(1, 3, np.arange(3)).check()


@pytest.mark.parametrize("inputs, units", [(10**9, 4), (4, 10**9)])
def test_sizes_beyond_the_connections_are_refused_at_once(inputs, units):
    connectivity = UnstructuredConnectivity(inputs, units, np.arange(4))
    with pytest.raises(ValueError, match="input"):
        connectivity.check()
