"""Reads the plan of a network from the layers that Rasa's model would have.

Rasa's models create all their layers before any of them is built. Sizes, rates and
everything else that options decide are read from these; they are never built.
"""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence

from rasa.utils.tensorflow import layers as stock_layers
from rasa.utils.tensorflow import rasa_layers
from rasa.utils.tensorflow import transformer as stock_transformer
from rasa.utils.tensorflow.constants import COSINE, MARGIN, SOFTMAX

from rasa_randconn.batches.names import SENTENCE, SEQUENCE
from rasa_randconn.models.plan import (
    CombinedFeaturesPlan,
    CRFPlan,
    DensePlan,
    HiddenLayersPlan,
    MultiLabelLossPlan,
    SequenceAndSentencePlan,
    SequenceLayerPlan,
    Signatures,
    SparseDensePlan,
)
from rasa_randconn.nn.encoder_settings import EncoderSettings
from rasa_randconn.nn.label_loss import LabelLossSettings


class PlanReader:
    """The plan of one of Rasa's models (see `models.plan.Plan`)."""

    def __init__(self, tf_layers: Mapping[str, Any]) -> None:
        """Takes the layers.

        Args:
            tf_layers: Rasa's layers by name, as its models keep them; none is built.
        """
        self._stock = tf_layers

    def has(self, name: str) -> bool:
        """Whether Rasa has created a layer of this name."""
        return name in self._stock

    def dense(self, name: str) -> DensePlan:
        """Reads what Rasa calls an embedding (`layers.Embed`)."""
        dense = self._stock[name]._dense
        return DensePlan(dense.units, _l2_of(dense))

    def hidden_layers(self, name: str) -> HiddenLayersPlan:
        """Reads a chain of hidden layers (`layers.Ffnn`)."""
        return _hidden_layers(self._stock[name])

    def combined_features(
        self, name: str, signature: Sequence[Any]
    ) -> CombinedFeaturesPlan:
        """Reads a `ConcatenateSparseDenseFeatures`."""
        return _combined_features(self._stock[name], signature)

    def sequence_and_sentence(
        self, name: str, signatures: Signatures
    ) -> SequenceAndSentencePlan:
        """Reads a `RasaFeatureCombiningLayer`."""
        return _sequence_and_sentence(self._stock[name], signatures)

    def sequence_layer(self, name: str, signatures: Signatures) -> SequenceLayerPlan:
        """Reads a `RasaSequenceLayer`."""
        stock = self._stock[name]
        parts = stock._tf_layers
        has_token_ids = stock.SPARSE_TO_DENSE_FOR_TOKEN_IDS in parts
        return SequenceLayerPlan(
            features=_sequence_and_sentence(parts[stock.FEATURE_COMBINING], signatures),
            hidden_layers=_hidden_layers(parts[stock.FFNN]),
            has_token_mask=bool(stock._enables_mlm),
            token_id_inputs=(
                signatures[SEQUENCE][0].units
                if stock._enables_mlm and has_token_ids
                else None
            ),
            encoder=_encoder(parts[stock.TRANSFORMER]),
        )

    def encoder(self, name: str) -> Optional[EncoderSettings]:
        """Reads an encoder; Rasa has a function in its place if there is none."""
        return _encoder(self._stock[name])

    def label_loss(self, name: str) -> LabelLossSettings:
        """Reads a `SingleLabelDotProductLoss`."""
        stock = self._stock[name]
        return LabelLossSettings(
            negatives=stock.num_neg,
            is_margin=stock.loss_type == MARGIN,
            is_cosine=stock.similarity_type == COSINE,
            is_scaled=stock.scale_loss,
            is_constrained=stock.constrain_similarities,
            is_softmax=stock.model_confidence == SOFTMAX,
            largest_positive=stock.mu_pos,
            largest_negative=stock.mu_neg,
            uses_largest_negative=stock.use_max_sim_neg,
            margin_scale=stock.neg_lambda,
        )

    def multi_label_loss(self, name: str) -> MultiLabelLossPlan:
        """Reads a `MultiLabelDotProductLoss`."""
        stock = self._stock[name]
        return MultiLabelLossPlan(stock.num_neg, stock.scale_loss)

    def crf(self, name: str) -> CRFPlan:
        """Reads a `CRF`."""
        stock = self._stock[name]
        return CRFPlan(float(stock.transition_regularizer.l2), stock.scale_loss)


def _combined_features(
    stock: rasa_layers.ConcatenateSparseDenseFeatures, signature: Sequence[Any]
) -> CombinedFeaturesPlan:
    parts = stock._tf_layers
    sizes = [feature.units for feature in signature if feature.is_sparse]
    sparse = None
    if sizes:
        dense = parts[stock.SPARSE_TO_DENSE]
        sparse = SparseDensePlan(
            inputs=sizes[0],
            units=dense.units,
            dropout_rate=_rate_of(parts, stock.SPARSE_DROPOUT),
            unit_dropout_rate=_rate_of(parts, stock.DENSE_DROPOUT),
            l2=_l2_of(dense),
            attribute=dense.get_attribute(),
            feature_type=dense.get_feature_type(),
        )
    return CombinedFeaturesPlan(stock.output_units, sparse)


def _sequence_and_sentence(
    stock: rasa_layers.RasaFeatureCombiningLayer, signatures: Signatures
) -> SequenceAndSentencePlan:
    parts = stock._tf_layers

    def features(feature_type: str) -> Optional[CombinedFeaturesPlan]:
        name = f"sparse_dense.{feature_type}"
        if name not in parts:
            return None
        return _combined_features(parts[name], signatures[feature_type])

    def unifier(feature_type: str) -> Optional[HiddenLayersPlan]:
        name = f"unify_dims_before_seq_sent_concat.{feature_type}"
        return _hidden_layers(parts[name]) if name in parts else None

    return SequenceAndSentencePlan(
        features(SEQUENCE), features(SENTENCE), unifier(SEQUENCE), unifier(SENTENCE)
    )


def _hidden_layers(stock: stock_layers.Ffnn) -> HiddenLayersPlan:
    dense = [
        layer
        for layer in stock._ffn_layers
        if isinstance(layer, stock_layers.RandomlyConnectedDense)
    ]
    dropout = [layer for layer in stock._ffn_layers if layer not in dense]
    return HiddenLayersPlan(
        sizes=tuple(layer.units for layer in dense),
        dropout_rate=dropout[0].rate if dropout else 0.0,
        l2=_l2_of(dense[0]) if dense else 0.0,
    )


def _encoder(stock: Any) -> Optional[EncoderSettings]:
    if not isinstance(stock, stock_transformer.TransformerEncoder):
        return None
    first_layer = stock._enc_layers[0]
    attention = first_layer._mha
    return EncoderSettings(
        layers=len(stock._enc_layers),
        units=stock.units,
        heads=attention.num_heads,
        filter_units=first_layer._ffn_layers[1].units,
        dropout_rate=stock._dropout.rate,
        attention_dropout_rate=attention.attention_dropout_rate,
        unidirectional=stock.unidirectional,
        use_key_relative_position=attention.use_key_relative_position,
        use_value_relative_position=attention.use_value_relative_position,
        # Rasa adds 1 to the option's value.
        max_relative_position=attention.relative_length - 1,
        heads_share_relative_embedding=attention.heads_share_relative_embedding,
        embedding_l2=_l2_of(stock._embedding),
    )


def _l2_of(layer: Any) -> float:
    regularizer = layer.kernel_regularizer
    return 0.0 if regularizer is None else float(regularizer.l2)


def _rate_of(layers: Mapping[str, Any], name: str) -> float:
    return float(layers[name].rate) if name in layers else 0.0
