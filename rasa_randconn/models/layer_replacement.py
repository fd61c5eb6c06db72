"""Puts our layers in the place of those of a stock model.

Stock's models create all their layers before any of them is built. At that moment those
with a density, and two that stock computes slowly (dropout and the conditional random
field), are exchanged for ours, with the same sizes and options; everything else stays
stock's own.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping

import tensorflow as tf
from rasa.utils.tensorflow import layers as rasa_layers
from rasa.utils.tensorflow import transformer as rasa_transformer
from rasa.utils.tensorflow.rasa_layers import RasaCustomLayer

from rasa_randconn.layers import (
    ConditionalRandomField,
    ConnectionSettings,
    Dropout,
    HiddenLayers,
)
from rasa_randconn.transformer import EncoderSettings, TransformerEncoder


def replace_randomly_connected_layers(
    tf_layers: Mapping[str, Any], connections: ConnectionSettings, place: str = ""
) -> Dict[str, Any]:
    """Exchanges stock's randomly connected layers for ours, at every depth.

    Args:
        tf_layers: Layers by name, as stock's models and layers keep them; none built.
        connections: How connections are drawn.
        place: Path of the owner of these layers within the model.

    Returns:
        The layers under the same names.
    """
    replaced: Dict[str, Any] = {}
    for name, layer in tf_layers.items():
        path = f"{place}/{name}" if place else name
        if isinstance(layer, rasa_layers.Ffnn):
            layer = _hidden_layers(layer, connections, path)
        elif isinstance(layer, rasa_transformer.TransformerEncoder):
            layer = _encoder(layer, connections, path)
        elif type(layer) is rasa_layers.CRF:
            layer = _conditional_random_field(layer)
        elif type(layer) is tf.keras.layers.Dropout:
            layer = Dropout(layer.rate, name=layer.name)
        elif isinstance(layer, RasaCustomLayer):
            layer._tf_layers = replace_randomly_connected_layers(
                layer._tf_layers, connections, path
            )
        replaced[name] = layer
    return replaced


def _conditional_random_field(stock: rasa_layers.CRF) -> ConditionalRandomField:
    return ConditionalRandomField(
        stock.num_tags,
        float(stock.transition_regularizer.l2),
        stock.scale_loss,
        name=stock.name,
    )


def _hidden_layers(
    stock: rasa_layers.Ffnn, connections: ConnectionSettings, place: str
) -> HiddenLayers:
    dense = [
        layer
        for layer in stock._ffn_layers
        if isinstance(layer, rasa_layers.RandomlyConnectedDense)
    ]
    dropout = [layer for layer in stock._ffn_layers if layer not in dense]
    return HiddenLayers(
        [layer.units for layer in dense],
        dropout[0].rate if dropout else 0.0,
        connections,
        place,
        kernel_regularizer=dense[0].kernel_regularizer if dense else None,
        name=stock.name,
    )


def _encoder(
    stock: rasa_transformer.TransformerEncoder,
    connections: ConnectionSettings,
    place: str,
) -> TransformerEncoder:
    first_layer = stock._enc_layers[0]
    attention = first_layer._mha
    settings = EncoderSettings(
        layers=len(stock._enc_layers),
        units=stock.units,
        heads=attention.num_heads,
        filter_units=first_layer._ffn_layers[1].units,
        dropout_rate=stock._dropout.rate,
        attention_dropout_rate=attention.attention_dropout_rate,
        unidirectional=stock.unidirectional,
        use_key_relative_position=attention.use_key_relative_position,
        use_value_relative_position=attention.use_value_relative_position,
        # stock adds the present to the option's value
        max_relative_position=attention.relative_length - 1,
        heads_share_relative_embedding=attention.heads_share_relative_embedding,
        embedding_regularizer=stock._embedding.kernel_regularizer,
    )
    return TransformerEncoder(settings, connections, place, name=stock.name)
