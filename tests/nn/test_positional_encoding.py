from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.nn.positional_encoding import PositionalEncoding


@pytest.mark.parametrize("units", [1, 7, 16])
def test_units_are_sines_and_cosines_of_falling_frequencies(units):
    encoding = PositionalEncoding(units).up_to(20)
    for unit in range(units):
        wave = np.cos if unit % 2 else np.sin
        for position in range(20):
            angle = position / 10000 ** (2 * (unit // 2) / units)
            assert encoding[unit, position] == pytest.approx(wave(angle), abs=1e-6)


def test_more_positions_change_none_of_those_in_use():
    positions = PositionalEncoding(8)
    few = positions.up_to(3)
    kept = few.copy()
    many = positions.up_to(50)
    assert many.shape[1] >= 50
    np.testing.assert_array_equal(many[:, : few.shape[1]], kept)
    np.testing.assert_array_equal(few, kept)
    assert positions.up_to(10) is many
