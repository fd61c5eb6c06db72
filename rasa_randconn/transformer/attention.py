"""Multi-head self-attention on randomly connected layers."""

from __future__ import annotations

from typing import Any, Optional, Tuple

import tensorflow as tf

from rasa_randconn.layers import ATTENTION, ConnectionSettings
from rasa_randconn.transformer.relative_positions import (
    relative_length,
    relative_position_indices,
)
from rasa_randconn.transformer.settings import EncoderSettings
from rasa_randconn.transformer.tokens import RealTokens

# Far below every logit, so that the softmax gives exactly zero.
_MASKED = -1e9


class MultiHeadAttention(tf.keras.layers.Layer):
    """Multi-head self-attention.

    Query, key, value and output are randomly connected layers that see real tokens
    only; tokens are spread out over the padded batch just for the attention itself.

    Input shape:
        `[units, tokens]`

    Output shape:
        `[units, tokens]`, and attention weights `[batch, heads, length, length]`.

    Source: Vaswani et al., "Attention Is All You Need", 2017; relative positions from
    Shaw et al., 2018; options and dropout of attention weights as in Rasa 3.6.
    """

    def __init__(
        self,
        settings: EncoderSettings,
        connections: ConnectionSettings,
        place: str,
        **kwargs: Any,
    ) -> None:
        """Creates the four randomly connected layers.

        Args:
            settings: Shape and options of the encoder.
            connections: How connections are drawn.
            place: Path of this layer within the model.
            **kwargs: Arguments of `tf.keras.layers.Layer`.
        """
        super().__init__(**kwargs)
        self.settings = settings

        def projection(name: str, use_bias: bool) -> Any:
            return connections.dense_layer(
                settings.units,
                ATTENTION,
                f"{place}/{name}",
                use_bias=use_bias,
                name=name,
            )

        self.query = projection("query", use_bias=False)
        self.key = projection("key", use_bias=False)
        self.value = projection("value", use_bias=False)
        self.output_projection = projection("output", use_bias=True)
        self.key_relative_embeddings = self._relative_embeddings(
            "key_relative_embeddings", settings.use_key_relative_position
        )
        self.value_relative_embeddings = self._relative_embeddings(
            "value_relative_embeddings", settings.use_value_relative_position
        )

    def _relative_embeddings(self, name: str, is_used: bool) -> Optional[tf.Variable]:
        if not is_used:
            return None
        settings = self.settings
        length = relative_length(
            settings.max_relative_position, settings.unidirectional
        )
        shape: Tuple[int, ...] = (length, settings.depth)
        if not settings.heads_share_relative_embedding:
            shape = (settings.heads, *shape)
        return self.add_weight(shape=shape, name=name)

    def call(
        self,
        features: tf.Tensor,
        tokens: RealTokens,
        attention_mask: Optional[tf.Tensor],
        training: Any = None,
    ) -> Tuple[tf.Tensor, tf.Tensor]:
        """Lets every token attend to the others of its example.

        Args:
            features: Activations of the real tokens `[units, tokens]`.
            tokens: Where these tokens are in the padded batch.
            attention_mask: 1 where a query must not see a key, of a shape that can be
                broadcast to `[batch, heads, length, length]`.
            training: Whether to drop attention weights.

        Returns:
            Activations `[units, tokens]` and attention weights
            `[batch, heads, length, length]`.
        """
        query, key, value = self._split_heads(
            [
                layer.call_features_first(features)
                for layer in (self.query, self.key, self.value)
            ],
            tokens,
        )
        logits = tf.matmul(query, key, transpose_b=True)
        if self.key_relative_embeddings is not None:
            logits += self._relative_key_logits(query, tokens.length)
        logits /= tf.sqrt(tf.cast(self.settings.depth, logits.dtype))
        if attention_mask is not None:
            logits += attention_mask * _MASKED
        if training and self.settings.attention_dropout_rate > 0:
            logits = self._drop(logits, attention_mask)
        weights = tf.nn.softmax(logits)

        attended = tf.matmul(weights, value)
        if self.value_relative_embeddings is not None:
            attended += self._relative_values(weights, tokens.length)
        attended = self._combine_heads(attended, tokens)
        return self.output_projection.call_features_first(attended), weights

    def _split_heads(self, projections: Any, tokens: RealTokens) -> Any:
        """Spreads `[units, tokens]` out to `[batch, heads, length, depth]` each."""
        heads, depth = self.settings.heads, self.settings.depth
        padded = tokens.spread(tf.concat(projections, axis=0))
        split = tf.reshape(
            padded, [tokens.batch, tokens.length, len(projections), heads, depth]
        )
        return tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4]), num=len(projections))

    def _combine_heads(self, attended: tf.Tensor, tokens: RealTokens) -> tf.Tensor:
        """Packs `[batch, heads, length, depth]` to `[units, tokens]`."""
        padded = tf.reshape(
            tf.transpose(attended, [0, 2, 1, 3]),
            [tokens.batch, tokens.length, self.settings.units],
        )
        return tokens.pack(padded)

    def _drop(
        self, logits: tf.Tensor, attention_mask: Optional[tf.Tensor]
    ) -> tf.Tensor:
        """Masks random keys before the softmax, so that weights still add up to 1."""
        keep = tf.random.uniform(tf.shape(logits))
        if attention_mask is not None:
            keep += attention_mask
        dropped = tf.less(keep, self.settings.attention_dropout_rate)
        return logits + tf.cast(dropped, logits.dtype) * _MASKED

    def _relative_indices(self, length: tf.Tensor) -> tf.Tensor:
        return relative_position_indices(
            length, self.settings.max_relative_position, self.settings.unidirectional
        )

    def _relative_key_logits(self, query: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        """Logits `[batch, heads, length, length]` from relative key positions."""
        if self.settings.heads_share_relative_embedding:
            by_distance = tf.einsum(
                "bhld,rd->bhlr", query, self.key_relative_embeddings
            )
        else:
            by_distance = tf.einsum(
                "bhld,hrd->bhlr", query, self.key_relative_embeddings
            )
        one_hot = tf.one_hot(
            self._relative_indices(length), by_distance.shape[-1], dtype=query.dtype
        )
        return tf.einsum("bhlr,lmr->bhlm", by_distance, one_hot)

    def _relative_values(self, weights: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        """Values `[batch, heads, length, depth]` from relative value positions."""
        embeddings = tf.convert_to_tensor(self.value_relative_embeddings)
        one_hot = tf.one_hot(
            self._relative_indices(length), embeddings.shape[-2], dtype=weights.dtype
        )
        by_distance = tf.einsum("bhlm,lmr->bhlr", weights, one_hot)
        if self.settings.heads_share_relative_embedding:
            return tf.einsum("bhlr,rd->bhld", by_distance, embeddings)
        return tf.einsum("bhlr,hrd->bhld", by_distance, embeddings)
