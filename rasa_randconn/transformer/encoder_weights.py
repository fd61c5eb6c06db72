"""The weights of an encoder, as Keras layers that are built but never called."""

from __future__ import annotations

from typing import Any, Optional, Tuple

import tensorflow as tf

from rasa_randconn.layers import (
    ATTENTION,
    FEED_FORWARD,
    ConnectionSettings,
    RandomlyConnectedDense,
)
from rasa_randconn.transformer.settings import EPSILON, EncoderSettings


class AttentionWeights(tf.keras.layers.Layer):
    """Query, key, value, output and relative position embeddings of self-attention."""

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

        def projection(name: str, use_bias: bool) -> RandomlyConnectedDense:
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

    def build(self, input_shape: Any) -> None:
        """Creates the weights for inputs `[..., units]`."""
        for layer in (self.query, self.key, self.value, self.output_projection):
            layer.build(input_shape)
        super().build(input_shape)

    def _relative_embeddings(self, name: str, is_used: bool) -> Optional[tf.Variable]:
        if not is_used:
            return None
        settings = self.settings
        shape: Tuple[int, ...] = (settings.relative_distances, settings.depth)
        if not settings.heads_share_relative_embedding:
            shape = (settings.heads, *shape)
        return self.add_weight(shape=shape, name=name)


class EncoderLayerWeights(tf.keras.layers.Layer):
    """Self-attention and feed-forward network, each with its normalisation."""

    def __init__(
        self,
        settings: EncoderSettings,
        connections: ConnectionSettings,
        place: str,
        **kwargs: Any,
    ) -> None:
        """Creates the sublayers (arguments as for `AttentionWeights`)."""
        super().__init__(**kwargs)
        self.attention_norm = normalization("attention_norm")
        self.attention = AttentionWeights(
            settings, connections, f"{place}/attention", name="attention"
        )
        self.feed_forward_norm = normalization("feed_forward_norm")
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
        self._filter_units = settings.filter_units

    def build(self, input_shape: Any) -> None:
        """Creates the weights for inputs `[..., units]`."""
        for layer in (
            self.attention_norm,
            self.attention,
            self.feed_forward_norm,
            self.feed_forward_in,
        ):
            layer.build(input_shape)
        self.feed_forward_out.build([None, self._filter_units])
        super().build(input_shape)


def normalization(name: str) -> tf.keras.layers.LayerNormalization:
    """Weights of a layer normalisation over the units."""
    return tf.keras.layers.LayerNormalization(epsilon=EPSILON, name=name)
