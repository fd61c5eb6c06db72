"""The randomly connected layers outside the encoder."""

from __future__ import annotations

from typing import Any, Sequence

import tensorflow as tf

from rasa_randconn.layers.connection_settings import HIDDEN_LAYERS, ConnectionSettings
from rasa_randconn.layers.dropout import Dropout


class HiddenLayers(tf.keras.layers.Layer):
    """Randomly connected layers with GELU activation, each followed by dropout.

    Input shape:
        `[batch, ..., inputs]`

    Output shape:
        `[batch, ..., units[-1]]`, or the inputs themselves if there are no layers.
    """

    def __init__(
        self,
        units: Sequence[int],
        dropout_rate: float,
        connections: ConnectionSettings,
        place: str,
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        """Creates the layers.

        Args:
            units: Number of outputs of each layer.
            dropout_rate: Dropout after each layer.
            connections: How connections are drawn.
            place: Path of this layer within the model.
            kernel_regularizer: Regulariser of all kernels.
            **kwargs: Arguments of `tf.keras.layers.Layer`.
        """
        super().__init__(**kwargs)
        self.hidden_layers = [
            connections.dense_layer(
                size,
                HIDDEN_LAYERS,
                f"{place}/hidden_layer_{i}",
                activation=tf.nn.gelu,
                kernel_regularizer=kernel_regularizer,
                name=f"hidden_layer_{i}",
            )
            for i, size in enumerate(units)
        ]
        self.dropout = Dropout(dropout_rate)

    def call(self, inputs: tf.Tensor, training: Any = None) -> tf.Tensor:
        """Applies all layers.

        Args:
            inputs: Activations `[batch, ..., inputs]`.
            training: Whether to apply dropout.

        Returns:
            Activations `[batch, ..., units[-1]]`.
        """
        for layer in self.hidden_layers:
            inputs = self.dropout(layer(inputs), training=training)
        return inputs
