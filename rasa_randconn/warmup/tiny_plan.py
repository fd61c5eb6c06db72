"""The plan of a network that has every kind of layer, all as small as can be."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional, Sequence

from rasa_randconn.batches.names import SENTENCE, SEQUENCE, TEXT
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

UNITS = 8

#: Number of tags of every kind.
TAGS = 3

_DROPOUT = 0.2
_L2 = 0.001
_HIDDEN_LAYERS = HiddenLayersPlan((UNITS,), _DROPOUT, _L2)
_ENCODER = EncoderSettings(
    layers=2,
    units=UNITS,
    heads=2,
    filter_units=2 * UNITS,
    dropout_rate=_DROPOUT,
    attention_dropout_rate=_DROPOUT,
    unidirectional=True,
    use_key_relative_position=True,
    use_value_relative_position=True,
    max_relative_position=2,
    embedding_l2=_L2,
)


class FeatureSignature(NamedTuple):
    """What a feature looks like.

    Attributes:
        is_sparse: Whether it is sparse.
        units: Number of columns.
    """

    is_sparse: bool
    units: int


class TinyPlan:
    """The plan of any of our networks (see `models.plan.Plan`)."""

    def has(self, name: str) -> bool:
        """There is a layer of every name."""
        return True

    def dense(self, name: str) -> DensePlan:
        """A dense layer; that of tags has a unit for each."""
        return DensePlan(TAGS if name.endswith(".logits") else UNITS, _L2)

    def hidden_layers(self, name: str) -> HiddenLayersPlan:
        """A randomly connected layer."""
        return _HIDDEN_LAYERS

    def combined_features(
        self, name: str, signature: Sequence[Any]
    ) -> CombinedFeaturesPlan:
        """A layer for sparse features, if there are any; dense ones stay."""
        sparse = [feature.units for feature in signature if feature.is_sparse]
        dense = [feature.units for feature in signature if not feature.is_sparse]
        layer = None
        if sparse:
            layer = SparseDensePlan(
                inputs=sparse[0],
                units=UNITS,
                dropout_rate=_DROPOUT,
                unit_dropout_rate=_DROPOUT,
                l2=_L2,
                attribute=TEXT,
                feature_type=SEQUENCE,
            )
        return CombinedFeaturesPlan(UNITS * len(sparse) + sum(dense), layer)

    def sequence_and_sentence(
        self, name: str, signatures: Signatures
    ) -> SequenceAndSentencePlan:
        """Features of those types that there are, brought to the same size."""
        sequence, sentence = (
            self.combined_features(name, signatures[feature_type])
            if signatures.get(feature_type)
            else None
            for feature_type in (SEQUENCE, SENTENCE)
        )
        unifier = _HIDDEN_LAYERS if sequence and sentence else None
        return SequenceAndSentencePlan(sequence, sentence, unifier, unifier)

    def sequence_layer(self, name: str, signatures: Signatures) -> SequenceLayerPlan:
        """Features, a hidden layer and an encoder; dense features identify tokens."""
        return SequenceLayerPlan(
            features=self.sequence_and_sentence(name, signatures),
            hidden_layers=_HIDDEN_LAYERS,
            has_token_mask=True,
            token_id_inputs=None,
            encoder=_ENCODER,
        )

    def encoder(self, name: str) -> Optional[EncoderSettings]:
        """An encoder."""
        return _ENCODER

    def label_loss(self, name: str) -> LabelLossSettings:
        """Cross entropy."""
        return LabelLossSettings(
            negatives=2,
            is_margin=False,
            is_cosine=False,
            is_scaled=True,
            is_constrained=True,
            is_softmax=True,
            largest_positive=0.8,
            largest_negative=-0.4,
            uses_largest_negative=True,
            margin_scale=0.8,
        )

    def multi_label_loss(self, name: str) -> MultiLabelLossPlan:
        """A loss for inputs that may have several labels."""
        return MultiLabelLossPlan(negatives=2, is_scaled=True)

    def crf(self, name: str) -> CRFPlan:
        """A conditional random field."""
        return CRFPlan(_L2, is_scaled=True)
