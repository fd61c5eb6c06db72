"""What a network consists of: its layers with their sizes, rates and other facts.

`stock.plan_reader` fills a plan from the layers that Rasa's model would have. Networks
are built from it without Rasa.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, NamedTuple, Optional, Protocol, Sequence, Tuple

from rasa_randconn.nn.encoder_settings import EncoderSettings
from rasa_randconn.nn.label_loss import LabelLossSettings

#: Signatures of the features of an attribute by feature type; each has `units` and
#: `is_sparse`.
Signatures = Mapping[str, Sequence[Any]]


class TagSpec(NamedTuple):
    """A set of tags: those of entities, of roles or of groups.

    Attributes:
        name: `entity`, `role` or `group`.
        number_of_tags: Number of tags.
    """

    name: str
    number_of_tags: int


@dataclass(frozen=True)
class DensePlan:
    """A dense layer.

    Attributes:
        units: Number of outputs.
        l2: Factor of the squared kernel in the loss.
    """

    units: int
    l2: float


@dataclass(frozen=True)
class HiddenLayersPlan:
    """A chain of randomly connected layers.

    Attributes:
        sizes: Number of units of every layer.
        dropout_rate: Dropout after each layer.
        l2: Factor of the squared kernels in the loss.
    """

    sizes: Tuple[int, ...]
    dropout_rate: float
    l2: float


@dataclass(frozen=True)
class SparseDensePlan:
    """A dense layer for sparse features.

    Attributes:
        inputs: Number of features.
        units: Number of outputs.
        dropout_rate: Dropout of features.
        unit_dropout_rate: Dropout of units.
        l2: Factor of the squared kernel in the loss.
        attribute: The attribute that the features belong to.
        feature_type: Their feature type.
    """

    inputs: int
    units: int
    dropout_rate: float
    unit_dropout_rate: float
    l2: float
    attribute: str
    feature_type: str


@dataclass(frozen=True)
class CombinedFeaturesPlan:
    """Sparse and dense features of one feature type, concatenated.

    Attributes:
        units: Number of outputs.
        sparse: The layer for sparse features; `None` if there are none.
    """

    units: int
    sparse: Optional[SparseDensePlan]


@dataclass(frozen=True)
class SequenceAndSentencePlan:
    """Features of tokens and of sentences.

    Attributes:
        sequence: Features of tokens; `None` if there are none.
        sentence: Features of sentences; `None` if there are none.
        sequence_unifier: Changes the number of units of tokens, if it must.
        sentence_unifier: Changes the number of units of sentences, if it must.
    """

    sequence: Optional[CombinedFeaturesPlan]
    sentence: Optional[CombinedFeaturesPlan]
    sequence_unifier: Optional[HiddenLayersPlan]
    sentence_unifier: Optional[HiddenLayersPlan]


@dataclass(frozen=True)
class SequenceLayerPlan:
    """Everything from the features of a text to its encoded tokens.

    Attributes:
        features: Combines features.
        hidden_layers: Applied to the combined features.
        has_token_mask: Whether tokens are masked.
        token_id_inputs: Number of features from which identifiers of tokens are made;
            `None` if dense features identify them.
        encoder: The encoder; `None` if there is none.
    """

    features: SequenceAndSentencePlan
    hidden_layers: HiddenLayersPlan
    has_token_mask: bool
    token_id_inputs: Optional[int]
    encoder: Optional[EncoderSettings]


@dataclass(frozen=True)
class MultiLabelLossPlan:
    """A loss for inputs that may have several labels.

    Attributes:
        negatives: Number of labels that are sampled for every input.
        is_scaled: The option `scale_loss`.
    """

    negatives: int
    is_scaled: bool


@dataclass(frozen=True)
class CRFPlan:
    """A conditional random field.

    Attributes:
        l2: Factor of the squared scores of transitions in the loss.
        is_scaled: The option `scale_loss`.
    """

    l2: float
    is_scaled: bool


class Plan(Protocol):
    """The plan of a network: its layers by name."""

    def has(self, name: str) -> bool:
        """Whether there is a layer of this name."""

    def dense(self, name: str) -> DensePlan:
        """A dense layer."""

    def hidden_layers(self, name: str) -> HiddenLayersPlan:
        """A chain of randomly connected layers."""

    def combined_features(
        self, name: str, signature: Sequence[Any]
    ) -> CombinedFeaturesPlan:
        """The layer that concatenates sparse and dense features."""

    def sequence_and_sentence(
        self, name: str, signatures: Signatures
    ) -> SequenceAndSentencePlan:
        """The layer that joins features of tokens and sentences."""

    def sequence_layer(self, name: str, signatures: Signatures) -> SequenceLayerPlan:
        """Everything from the features of a text to its encoded tokens."""

    def encoder(self, name: str) -> Optional[EncoderSettings]:
        """An encoder; `None` if there is none."""

    def label_loss(self, name: str) -> LabelLossSettings:
        """A loss that compares inputs with labels."""

    def multi_label_loss(self, name: str) -> MultiLabelLossPlan:
        """A loss for inputs that may have several labels."""

    def crf(self, name: str) -> CRFPlan:
        """A conditional random field."""
