"""Dropout with few random bits."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_BITS = 16
_PER_DRAW = 64 // _BITS


class Dropout(tf.keras.layers.Dropout):
    """Keras' dropout, which decides on four units with one random number of 64 bits.

    Keras draws 32 bits and turns them into a float for every unit. Here 16 bits decide:
    the rate is rounded to a multiple of 1/65536, and what is left is scaled by exactly
    the rounded rate, so the expected activation stays the same.

    Source: Srivastava et al., "Dropout", 2014.
    """

    def call(self, inputs: tf.Tensor, training: Any = None) -> tf.Tensor:
        """Drops units at random while training.

        Args:
            inputs: Activations of any shape.
            training: Whether to drop units.

        Returns:
            Activations of the same shape.
        """
        dropped = round(self.rate * 2**_BITS)
        if (
            self.noise_shape is not None
            or self.seed is not None
            or not isinstance(training, (bool, int))
            or not 0 < dropped < 2**_BITS
        ):
            return super().call(inputs, training=training)
        if not training:
            return inputs
        draws = tf.random.uniform(
            [(tf.size(inputs) + _PER_DRAW - 1) // _PER_DRAW],
            tf.int64.min,
            tf.int64.max,
            dtype=tf.int64,
        )
        bits = tf.reshape(tf.bitcast(draws, tf.int16), [-1])[: tf.size(inputs)]
        is_kept = tf.reshape(bits, tf.shape(inputs)) >= tf.constant(
            dropped - 2 ** (_BITS - 1), tf.int16
        )
        scale = 1 / (1 - dropped / 2**_BITS)
        return inputs * (tf.cast(is_kept, inputs.dtype) * scale)
