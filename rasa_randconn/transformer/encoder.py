"""The transformer encoder."""

from __future__ import annotations

from typing import Any, Optional, Tuple

import numpy as np
import tensorflow as tf

from rasa_randconn.layers import EMBEDDING, ConnectionSettings, Dropout
from rasa_randconn.transformer.encoder_layer import EPSILON, TransformerEncoderLayer
from rasa_randconn.transformer.settings import EncoderSettings
from rasa_randconn.transformer.tokens import RealTokens


class TransformerEncoder(tf.keras.layers.Layer):
    """Embedding with positions, encoder layers, and a last normalisation.

    All position-wise work is done on real tokens only, features first. At density 1.0
    it computes what Rasa's encoder computes, except that padding comes out as zero.

    Input shape:
        `[batch, length, inputs]`

    Output shape:
        `[batch, length, units]`, and attention weights
        `[batch, layers, heads, length, length]`.
    """

    def __init__(
        self,
        settings: EncoderSettings,
        connections: ConnectionSettings,
        place: str,
        **kwargs: Any,
    ) -> None:
        """Creates the layers.

        Args:
            settings: Shape and options of the encoder.
            connections: How connections are drawn.
            place: Path of the encoder within the model.
            **kwargs: Arguments of `tf.keras.layers.Layer`.
        """
        super().__init__(**kwargs)
        self.settings = settings
        self.embedding = connections.dense_layer(
            settings.units,
            EMBEDDING,
            f"{place}/embedding",
            kernel_regularizer=settings.embedding_regularizer,
            name="embedding",
        )
        self.dropout = Dropout(settings.dropout_rate)
        self.encoder_layers = [
            TransformerEncoderLayer(
                settings, connections, f"{place}/layer_{i}", name=f"layer_{i}"
            )
            for i in range(settings.layers)
        ]
        self.norm = tf.keras.layers.LayerNormalization(
            axis=0, epsilon=EPSILON, name="norm"
        )
        units = np.arange(settings.units)
        self._frequencies = np.power(10000.0, -2.0 * (units // 2) / settings.units)
        self._is_even = units % 2 == 0

    def call(
        self,
        inputs: tf.Tensor,
        padding_mask: Optional[tf.Tensor] = None,
        training: Any = None,
    ) -> Tuple[tf.Tensor, tf.Tensor]:
        """Encodes a batch of sequences.

        Args:
            inputs: Activations `[batch, length, inputs]`.
            padding_mask: 1 where a token is padding, `[batch, length, 1]`; `None` if no
                token is.
            training: Whether to apply dropout.

        Returns:
            Activations `[batch, length, units]`, zero at padding, and attention weights
            `[batch, layers, heads, length, length]`.
        """
        if padding_mask is not None:
            padding_mask = tf.squeeze(padding_mask, -1)
        tokens = RealTokens.of(inputs, padding_mask)
        attention_mask = self._attention_mask(padding_mask, tokens.length)

        features = self.embedding.call_features_first(tokens.pack(inputs))
        features *= tf.sqrt(tf.cast(self.settings.units, features.dtype))
        features += self._positional_encoding(tokens.positions, features.dtype)
        features = self.dropout(features, training=training)

        all_weights = []
        for layer in self.encoder_layers:
            features, weights = layer(
                features, tokens, attention_mask, training=training
            )
            all_weights.append(weights)
        return tokens.spread(self.norm(features)), tf.stack(all_weights, axis=1)

    def _attention_mask(
        self, padding_mask: Optional[tf.Tensor], length: tf.Tensor
    ) -> Optional[tf.Tensor]:
        """1 where a query must not see a key; broadcasts over heads."""
        mask = None
        if padding_mask is not None:
            mask = padding_mask[:, tf.newaxis, tf.newaxis, :]
        if self.settings.unidirectional:
            future = 1 - tf.linalg.band_part(tf.ones([length, length]), -1, 0)
            future = future[tf.newaxis, tf.newaxis, :, :]
            mask = future if mask is None else tf.maximum(mask, future)
        return mask

    def _positional_encoding(self, positions: tf.Tensor, dtype: Any) -> tf.Tensor:
        """Sines at even, cosines at odd units, `[units, tokens]`."""
        angles = (
            tf.constant(self._frequencies, dtype)[:, tf.newaxis]
            * tf.cast(positions, dtype)[tf.newaxis, :]
        )
        return tf.where(self._is_even[:, np.newaxis], tf.sin(angles), tf.cos(angles))
