"""One layer of the encoder: self-attention and a feed-forward network."""

from __future__ import annotations

from typing import Any, Optional, Tuple

import tensorflow as tf

from rasa_randconn.layers import FEED_FORWARD, ConnectionSettings, Dropout
from rasa_randconn.transformer.attention import MultiHeadAttention
from rasa_randconn.transformer.settings import EncoderSettings
from rasa_randconn.transformer.tokens import RealTokens

EPSILON = 1e-6


class TransformerEncoderLayer(tf.keras.layers.Layer):
    """Self-attention and feed-forward network, normalised before, added after.

    Input shape:
        `[units, tokens]`

    Output shape:
        `[units, tokens]`, and attention weights `[batch, heads, length, length]`.
    """

    def __init__(
        self,
        settings: EncoderSettings,
        connections: ConnectionSettings,
        place: str,
        **kwargs: Any,
    ) -> None:
        """Creates the sublayers.

        Args:
            settings: Shape and options of the encoder.
            connections: How connections are drawn.
            place: Path of this layer within the model.
            **kwargs: Arguments of `tf.keras.layers.Layer`.
        """
        super().__init__(**kwargs)
        self.attention_norm = tf.keras.layers.LayerNormalization(
            axis=0, epsilon=EPSILON, name="attention_norm"
        )
        self.attention = MultiHeadAttention(
            settings, connections, f"{place}/attention", name="attention"
        )
        self.feed_forward_norm = tf.keras.layers.LayerNormalization(
            axis=0, epsilon=EPSILON, name="feed_forward_norm"
        )
        self.feed_forward_in = connections.dense_layer(
            settings.filter_units,
            FEED_FORWARD,
            f"{place}/feed_forward_in",
            activation=tf.nn.gelu,
            name="feed_forward_in",
        )
        self.feed_forward_out = connections.dense_layer(
            settings.units,
            FEED_FORWARD,
            f"{place}/feed_forward_out",
            name="feed_forward_out",
        )
        self.dropout = Dropout(settings.dropout_rate)

    def call(
        self,
        features: tf.Tensor,
        tokens: RealTokens,
        attention_mask: Optional[tf.Tensor],
        training: Any = None,
    ) -> Tuple[tf.Tensor, tf.Tensor]:
        """Applies the layer (arguments and results as in `MultiHeadAttention`)."""
        attended, weights = self.attention(
            self.attention_norm(features), tokens, attention_mask, training=training
        )
        features += self.dropout(attended, training=training)

        hidden = self.feed_forward_in.call_features_first(
            self.feed_forward_norm(features)
        )
        hidden = self.dropout(hidden, training=training)
        hidden = self.feed_forward_out.call_features_first(hidden)
        return features + self.dropout(hidden, training=training), weights
