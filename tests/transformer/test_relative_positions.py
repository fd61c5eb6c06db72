from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.transformer.relative_positions import (
    relative_length,
    relative_position_indices,
)

# Rows are queries, columns keys.
TABLES = {
    (2, False): [[2, 3, 4, 4], [1, 2, 3, 4], [0, 1, 2, 3], [0, 0, 1, 2]],
    (2, True): [[2, 2, 2, 2], [1, 2, 2, 2], [0, 1, 2, 2], [0, 0, 1, 2]],
    (5, False): [[5, 6, 7, 8], [4, 5, 6, 7], [3, 4, 5, 6], [2, 3, 4, 5]],
    (0, False): [[0] * 4] * 4,
}


@pytest.mark.parametrize("distance, unidirectional", TABLES)
def test_indices_equal_the_table(distance, unidirectional):
    expected = np.array(TABLES[distance, unidirectional])
    for length in (4, 1):
        np.testing.assert_array_equal(
            relative_position_indices(length, distance, unidirectional),
            expected[:length, :length],
        )


@pytest.mark.parametrize(
    "distance, unidirectional, length",
    [(5, False, 11), (5, True, 6), (0, False, 1), (0, True, 1)],
)
def test_there_are_as_many_embeddings_as_indices(distance, unidirectional, length):
    assert relative_length(distance, unidirectional) == length
    used = np.unique(relative_position_indices(12, distance, unidirectional))
    np.testing.assert_array_equal(used, np.arange(length))
