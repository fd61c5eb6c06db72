from __future__ import annotations

import pytest

from rasa_randconn.nn.encoder_settings import EncoderSettings

SIZES = {"layers": 1, "units": 12, "heads": 4, "filter_units": 8}


def test_units_are_shared_out_among_the_heads():
    assert EncoderSettings(**SIZES).depth == 3


@pytest.mark.parametrize("which", ["key", "value"])
def test_relative_positions_need_a_distance(which):
    options = {f"use_{which}_relative_position": True, "max_relative_position": -1}
    with pytest.raises(ValueError, match="must not be negative, not -1"):
        EncoderSettings(**SIZES, **options)
    EncoderSettings(**SIZES, max_relative_position=-1)
