"""Real tokens without padding: packing a padded batch and spreading it out again."""

from __future__ import annotations

from typing import NamedTuple, Optional

import tensorflow as tf


class RealTokens(NamedTuple):
    """Where the real tokens of a padded batch are.

    Attributes:
        indices: Batch index and position of every real token, `[tokens, 2]`.
        batch: Number of examples, a scalar.
        length: Padded length, a scalar.
    """

    indices: tf.Tensor
    batch: tf.Tensor
    length: tf.Tensor

    @classmethod
    def of(cls, padded: tf.Tensor, padding_mask: Optional[tf.Tensor]) -> RealTokens:
        """Finds the real tokens.

        Args:
            padded: Activations `[batch, length, units]`.
            padding_mask: `[batch, length]`, 1 where a token is padding; `None` if no
                token is.
        """
        batch, length = tf.shape(padded)[0], tf.shape(padded)[1]
        is_real = (
            tf.ones([batch, length], dtype=tf.bool)
            if padding_mask is None
            else tf.less(padding_mask, 0.5)
        )
        return cls(tf.cast(tf.where(is_real), tf.int32), batch, length)

    @property
    def positions(self) -> tf.Tensor:
        """Position of every real token in its example, `[tokens]`."""
        return self.indices[:, 1]

    def pack(self, padded: tf.Tensor) -> tf.Tensor:
        """Takes the real tokens: `[batch, length, units]` to `[units, tokens]`."""
        return tf.transpose(tf.gather_nd(padded, self.indices))

    def spread(self, features: tf.Tensor) -> tf.Tensor:
        """Puts tokens in place: `[units, tokens]` to `[batch, length, units]`.

        Padding becomes zero.
        """
        units = features.shape[0]
        padded = tf.scatter_nd(
            self.indices, tf.transpose(features), [self.batch, self.length, units]
        )
        padded.set_shape([None, None, units])
        return padded
