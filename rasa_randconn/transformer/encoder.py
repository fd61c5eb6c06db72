"""The transformer encoder."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import tensorflow as tf

from rasa_randconn.kernels import PackedProduct
from rasa_randconn.layers import EMBEDDING, ConnectionSettings
from rasa_randconn.layers.variable_paths import (
    randomly_connected_layers_by_path,
    variables_by_path,
)
from rasa_randconn.transformer.encoder_operation import EncoderOperation
from rasa_randconn.transformer.encoder_pass import EncoderPass
from rasa_randconn.transformer.encoder_weights import (
    EncoderLayerWeights,
    normalization,
)
from rasa_randconn.transformer.settings import EncoderSettings


class TransformerEncoder(tf.keras.layers.Layer):
    """Embedding with positions, encoder layers, and a last normalisation.

    Computes existing connections and real tokens only, outside of TensorFlow: its graph
    has one operation for the whole encoder, and one for all gradients. At density 1.0
    the result is that of Rasa's encoder, except that padding comes out as zero.

    Input shape:
        `[batch, length, inputs]`

    Output shape:
        `[batch, length, units]`, and attention weights
        `[batch, layers, heads, length, length]`.

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
        self.encoder_layers = [
            EncoderLayerWeights(
                settings, connections, f"{place}/layer_{i}", name=f"layer_{i}"
            )
            for i in range(settings.layers)
        ]
        self.norm = normalization("norm")
        self._operation: Optional[EncoderOperation] = None

    def build(self, input_shape: Any) -> None:
        """Creates all weights.

        Args:
            input_shape: Shape of the inputs; its last dimension must be known.
        """
        self.embedding.build(input_shape)
        for layer in (*self.encoder_layers, self.norm):
            layer.build([None, self.settings.units])
        super().build(input_shape)

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
        is_real = (
            tf.ones(tf.shape(inputs)[:2], tf.bool)
            if padding_mask is None
            else tf.less(tf.squeeze(padding_mask, -1), 0.5)
        )
        weights = variables_by_path(self._parts())
        return self._current_operation(weights)(
            tf.cast(inputs, tf.float32),
            is_real,
            [tf.convert_to_tensor(weight) for weight in weights.values()],
            bool(training),
        )

    def _parts(self) -> Dict[str, tf.keras.layers.Layer]:
        parts = (self.embedding, *self.encoder_layers, self.norm)
        return {part.name: part for part in parts}

    def _current_operation(self, weights: Dict[str, tf.Variable]) -> EncoderOperation:
        """The operation for the connections of this moment: loading restores others."""
        connectivities = {
            path: layer.connectivity
            for path, layer in randomly_connected_layers_by_path(self._parts()).items()
        }
        if self._operation is None or not self._operation.is_for(connectivities):
            products = {path: PackedProduct(c) for path, c in connectivities.items()}
            shapes = {path: tuple(weight.shape) for path, weight in weights.items()}
            self._operation = EncoderOperation(
                EncoderPass(self.settings, products, shapes)
            )
        return self._operation
