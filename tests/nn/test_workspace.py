from __future__ import annotations

import numpy as np

from rasa_randconn.nn.workspace import Workspace


def pair_of(*shapes):
    return lambda allocate: [allocate(*shape) for shape in shapes]


def test_arrays_have_their_shapes_and_memory_of_their_own():
    arrays = Workspace().activations(1, pair_of((2, 3), (5,), (4, 1, 2)))
    assert [array.shape for array in arrays] == [(2, 3), (5,), (4, 1, 2)]
    assert all(array.dtype == np.float32 for array in arrays)
    for i, array in enumerate(arrays):
        array[...] = i
    assert [array.min() for array in arrays] == [0, 1, 2]
    assert [array.max() for array in arrays] == [0, 1, 2]


def test_the_same_size_gets_the_same_arrays_again():
    workspace = Workspace()
    first = workspace.activations(1, pair_of((2, 3)))
    assert workspace.activations(1, pair_of((9, 9))) is first
    other = workspace.activations(2, pair_of((1, 3)))
    assert other is not first


def test_smaller_arrays_are_cut_from_the_memory_of_larger_ones():
    workspace = Workspace()
    (large,) = workspace.activations(1, pair_of((100,)))
    (small,) = workspace.activations(2, pair_of((10,)))
    assert np.shares_memory(large, small)
    (larger,) = workspace.activations(3, pair_of((1000,)))
    assert not np.shares_memory(large, larger)


def test_the_first_array_begins_with_a_line_of_the_cache():
    (array,) = Workspace().activations(1, pair_of((7,)))
    assert array.ctypes.data % 64 == 0
