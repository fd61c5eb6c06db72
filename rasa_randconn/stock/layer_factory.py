"""Reads what stock's models planned to compute, and makes our layers of it.

Stock's models create all their layers before any of them is built. Sizes, rates and
everything else that options decide about are read from these; they are never built.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from rasa.shared.nlu.constants import (
    FEATURE_TYPE_SENTENCE,
    FEATURE_TYPE_SEQUENCE,
    TEXT,
)
from rasa.utils.tensorflow import layers as stock_layers
from rasa.utils.tensorflow import rasa_layers
from rasa.utils.tensorflow import transformer as stock_transformer
from rasa.utils.tensorflow.constants import COSINE, MARGIN, SOFTMAX
from rasa.utils.tensorflow.model_data import FeatureSignature

from rasa_randconn.autodiff import Parameter, Parameters
from rasa_randconn.nn.crf import EntityTags
from rasa_randconn.nn.dense import Dense
from rasa_randconn.nn.encoder import Encoder
from rasa_randconn.nn.encoder_settings import EncoderSettings
from rasa_randconn.nn.hidden_layers import HiddenLayers
from rasa_randconn.nn.input_features import (
    CombinedFeatures,
    SequenceAndSentence,
    SparseLayer,
)
from rasa_randconn.nn.label_loss import LabelLoss, LabelLossSettings
from rasa_randconn.nn.multi_label_loss import MultiLabelLoss
from rasa_randconn.nn.sequence_layer import SequenceLayer
from rasa_randconn.nn.token_mask import TokenMask

#: Signatures of the features of an attribute by their kind.
Signatures = Mapping[str, Sequence[FeatureSignature]]

_TOKEN_ID_UNITS = 2


class LayerFactory:
    """Makes our layers after the example of stock's, with all weights."""

    def __init__(self, tf_layers: Mapping[str, Any], parameters: Parameters) -> None:
        """Takes stock's layers.

        Args:
            tf_layers: Stock's layers by name, as its models keep them; none built.
            parameters: Gets the weights of ours.
        """
        self._stock = tf_layers
        self._parameters = parameters
        #: Attribute and kind of the sparse features that a kernel is for, by its path.
        self.sparse_kernels: Dict[str, Tuple[str, str]] = {}

    def has(self, name: str) -> bool:
        """Whether stock has planned such a layer."""
        return name in self._stock

    def dense(self, name: str, inputs: int) -> Dense:
        """Makes what stock calls an embedding (`layers.Embed`)."""
        planned = self._stock[name]._dense
        return Dense(inputs, planned.units, _l2_of(planned), self._parameters, name)

    def hidden_layers(self, name: str, inputs: int) -> HiddenLayers:
        """Makes a stack of hidden layers (`layers.Ffnn`)."""
        return self._hidden_layers(self._stock[name], inputs, name)

    def combined_features(
        self, name: str, signature: Sequence[FeatureSignature]
    ) -> CombinedFeatures:
        """Makes the layer that puts sparse and dense features side by side."""
        return self._combined_features(self._stock[name], signature, name)

    def sequence_and_sentence(
        self, name: str, signatures: Signatures
    ) -> SequenceAndSentence:
        """Makes the layer that joins features of tokens and sentences."""
        return self._sequence_and_sentence(self._stock[name], signatures, name)

    def sequence_layer(self, name: str, signatures: Signatures) -> SequenceLayer:
        """Makes the layer from the features of an attribute to encoded tokens."""
        stock = self._stock[name]
        planned = stock._tf_layers
        features = self._sequence_and_sentence(
            planned[stock.FEATURE_COMBINING],
            signatures,
            f"{name}/{stock.FEATURE_COMBINING}",
        )
        hidden_layers = self._hidden_layers(
            planned[stock.FFNN], features.units, f"{name}/{stock.FFNN}"
        )
        mask, ids = None, None
        if stock._enables_mlm:
            path = f"{name}/{stock.MLM_INPUT_MASK}"
            mask = TokenMask(hidden_layers.units, self._parameters, path)
            ids = self._token_ids(stock, signatures, name)
        encoder = self._encoder(
            planned[stock.TRANSFORMER],
            hidden_layers.units,
            f"{name}/{stock.TRANSFORMER}",
        )
        return SequenceLayer(features, hidden_layers, mask, encoder, ids)

    def encoder(self, name: str, inputs: int) -> Optional[Encoder]:
        """Makes an encoder; stock has a function in its place if there is none."""
        return self._encoder(self._stock[name], inputs, name)

    def label_loss(self, name: str) -> LabelLoss:
        """Makes a loss that compares inputs with labels."""
        stock = self._stock[name]
        return LabelLoss(
            LabelLossSettings(
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
        )

    def multi_label_loss(self, name: str) -> MultiLabelLoss:
        """Makes a loss for inputs that may have several labels at once."""
        stock = self._stock[name]
        return MultiLabelLoss(stock.num_neg, stock.scale_loss)

    def entity_tags(
        self, tag_name: str, inputs: int, entity_tags: Optional[int] = None
    ) -> EntityTags:
        """Makes what tags tokens with entities, roles or groups.

        Args:
            tag_name: Entity, role or group.
            inputs: Number of units of a token.
            entity_tags: Number of tags of entities, if roles or groups depend on them.
        """
        embedding = None
        if entity_tags is not None:
            embedding = self.dense(f"embed.{tag_name}.tags", entity_tags)
            inputs += embedding.units
        stock = self._stock[f"crf.{tag_name}"]
        return EntityTags(
            self.dense(f"embed.{tag_name}.logits", inputs),
            float(stock.transition_regularizer.l2),
            stock.scale_loss,
            self._parameters,
            f"crf.{tag_name}",
            embedding,
        )

    def _combined_features(
        self,
        stock: rasa_layers.ConcatenateSparseDenseFeatures,
        signature: Sequence[FeatureSignature],
        path: str,
    ) -> CombinedFeatures:
        planned = stock._tf_layers
        sizes = [feature.units for feature in signature if feature.is_sparse]
        layer = None
        if sizes:
            dense = planned[stock.SPARSE_TO_DENSE]
            own = f"{path}/{stock.SPARSE_TO_DENSE}"
            self.sparse_kernels[f"{own}/kernel"] = (
                dense.get_attribute(),
                dense.get_feature_type(),
            )
            layer = SparseLayer(
                sizes[0],
                dense.units,
                _rate_of(planned, stock.SPARSE_DROPOUT),
                _rate_of(planned, stock.DENSE_DROPOUT),
                _l2_of(dense),
                self._parameters,
                own,
            )
        return CombinedFeatures(layer, stock.output_units)

    def _sequence_and_sentence(
        self,
        stock: rasa_layers.RasaFeatureCombiningLayer,
        signatures: Signatures,
        path: str,
    ) -> SequenceAndSentence:
        combined: Dict[str, Optional[CombinedFeatures]] = {}
        unifiers: Dict[str, Optional[HiddenLayers]] = {}
        for kind in (FEATURE_TYPE_SEQUENCE, FEATURE_TYPE_SENTENCE):
            name = f"sparse_dense.{kind}"
            features = None
            if name in stock._tf_layers:
                features = self._combined_features(
                    stock._tf_layers[name], signatures[kind], f"{path}/{name}"
                )
            combined[kind] = features
            name = f"unify_dims_before_seq_sent_concat.{kind}"
            unifier = None
            if name in stock._tf_layers and features is not None:
                unifier = self._hidden_layers(
                    stock._tf_layers[name], features.units, f"{path}/{name}"
                )
            unifiers[kind] = unifier
        return SequenceAndSentence(
            combined[FEATURE_TYPE_SEQUENCE],
            combined[FEATURE_TYPE_SENTENCE],
            unifiers[FEATURE_TYPE_SEQUENCE],
            unifiers[FEATURE_TYPE_SENTENCE],
        )

    def _hidden_layers(
        self, stock: stock_layers.Ffnn, inputs: int, path: str
    ) -> HiddenLayers:
        dense = [
            layer
            for layer in stock._ffn_layers
            if isinstance(layer, stock_layers.RandomlyConnectedDense)
        ]
        dropout = [layer for layer in stock._ffn_layers if layer not in dense]
        return HiddenLayers(
            inputs,
            [layer.units for layer in dense],
            dropout[0].rate if dropout else 0.0,
            _l2_of(dense[0]) if dense else 0.0,
            self._parameters,
            path,
        )

    def _encoder(self, stock: Any, inputs: int, path: str) -> Optional[Encoder]:
        if not isinstance(stock, stock_transformer.TransformerEncoder):
            return None
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
            embedding_l2=_l2_of(stock._embedding),
        )
        return Encoder(settings, inputs, self._parameters, path)

    def _token_ids(
        self, stock: rasa_layers.RasaSequenceLayer, signatures: Signatures, name: str
    ) -> Optional[Parameter]:
        if stock.SPARSE_TO_DENSE_FOR_TOKEN_IDS not in stock._tf_layers:
            return None
        size = signatures[FEATURE_TYPE_SEQUENCE][0].units
        path = f"{name}/{stock.SPARSE_TO_DENSE_FOR_TOKEN_IDS}/kernel"
        self.sparse_kernels[path] = (TEXT, FEATURE_TYPE_SEQUENCE)
        return self._parameters.glorot_uniform(
            path, (size, _TOKEN_ID_UNITS), is_trainable=False
        )


def _l2_of(layer: Any) -> float:
    regularizer = layer.kernel_regularizer
    return 0.0 if regularizer is None else float(regularizer.l2)


def _rate_of(layers: Mapping[str, Any], name: str) -> float:
    return float(layers[name].rate) if name in layers else 0.0
