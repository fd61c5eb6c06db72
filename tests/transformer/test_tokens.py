from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.transformer.tokens import RealTokens

PADDED = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)


@pytest.mark.parametrize("lengths", [[4, 2, 1], [1, 0, 3], [0, 0, 0], [4, 4, 4]])
def test_pack_and_spread_are_inverse_at_real_tokens(lengths):
    is_real = np.arange(4) < np.array(lengths)[:, np.newaxis]
    tokens = RealTokens.of(PADDED, tf.constant(~is_real, tf.float32))

    packed = tokens.pack(PADDED)
    np.testing.assert_array_equal(packed, PADDED[is_real].T)
    np.testing.assert_array_equal(tokens.positions, np.nonzero(is_real)[1])

    spread = tokens.spread(packed)
    np.testing.assert_array_equal(spread, PADDED * is_real[:, :, np.newaxis])
    np.testing.assert_array_equal(tokens.pack(spread), packed)


def test_without_a_mask_every_token_is_real():
    tokens = RealTokens.of(PADDED, None)
    packed = tokens.pack(PADDED)
    np.testing.assert_array_equal(packed, PADDED.reshape(12, 5).T)
    np.testing.assert_array_equal(tokens.spread(packed), PADDED)


def test_padding_may_lie_between_tokens():
    tokens = RealTokens.of(PADDED[:1], tf.constant([[0.0, 1.0, 0.0, 1.0]]))
    np.testing.assert_array_equal(tokens.pack(PADDED[:1]), PADDED[0, [0, 2]].T)
    np.testing.assert_array_equal(tokens.positions, [0, 2])
