"""Builds the layers of a network from its plan."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence, Tuple

from rasa_randconn.autodiff import Parameter, Parameters
from rasa_randconn.batches.names import SEQUENCE, TEXT
from rasa_randconn.models.plan import (
    CombinedFeaturesPlan,
    HiddenLayersPlan,
    Plan,
    SequenceAndSentencePlan,
    Signatures,
)
from rasa_randconn.nn.combined_features import CombinedFeatures
from rasa_randconn.nn.crf import Tagger
from rasa_randconn.nn.dense import Dense
from rasa_randconn.nn.encoder import Encoder
from rasa_randconn.nn.encoder_settings import EncoderSettings
from rasa_randconn.nn.hidden_layers import HiddenLayers
from rasa_randconn.nn.label_loss import LabelLoss
from rasa_randconn.nn.multi_label_loss import MultiLabelLoss
from rasa_randconn.nn.sequence_and_sentence import SequenceAndSentence
from rasa_randconn.nn.sequence_layer import SequenceLayer
from rasa_randconn.nn.sparse_layer import SparseLayer
from rasa_randconn.nn.token_mask import TokenMask

_TOKEN_ID_UNITS = 2

# Parts of the paths of weights. Saved models contain these paths: never rename them.
_FEATURES = "feature_combining"
_HIDDEN_LAYERS = "ffnn"
_ENCODER = "transformer"
_TOKEN_MASK = "mlm_input_mask"
_TOKEN_IDS = "sparse_to_dense_for_token_ids"
_SPARSE = "sparse_to_dense"


class LayerFactory:
    """Builds layers by their name in the plan, with all weights.

    Attributes:
        sparse_kernels: Attribute and feature type of the sparse features that a kernel
            is for, by the path of the kernel.
    """

    def __init__(self, plan: Plan, parameters: Parameters) -> None:
        """Takes the plan.

        Args:
            plan: What to build.
            parameters: Output: the weights are added.
        """
        self._plan = plan
        self._parameters = parameters
        self.sparse_kernels: Dict[str, Tuple[str, str]] = {}

    def has(self, name: str) -> bool:
        """Whether the plan has a layer of this name."""
        return self._plan.has(name)

    def dense(self, name: str, inputs: int) -> Dense:
        """Builds a dense layer."""
        plan = self._plan.dense(name)
        return Dense(inputs, plan.units, plan.l2, self._parameters, name)

    def hidden_layers(self, name: str, inputs: int) -> HiddenLayers:
        """Builds a chain of randomly connected layers."""
        return self._hidden_layers(self._plan.hidden_layers(name), inputs, name)

    def combined_features(
        self, name: str, signature: Sequence[Any]
    ) -> CombinedFeatures:
        """Builds the layer that concatenates sparse and dense features."""
        plan = self._plan.combined_features(name, signature)
        return self._combined_features(plan, name)

    def sequence_and_sentence(
        self, name: str, signatures: Signatures
    ) -> SequenceAndSentence:
        """Builds the layer that joins features of tokens and sentences."""
        plan = self._plan.sequence_and_sentence(name, signatures)
        return self._sequence_and_sentence(plan, name)

    def sequence_layer(self, name: str, signatures: Signatures) -> SequenceLayer:
        """Builds everything from the features of a text to its encoded tokens."""
        plan = self._plan.sequence_layer(name, signatures)
        features = self._sequence_and_sentence(plan.features, f"{name}/{_FEATURES}")
        hidden_layers = self._hidden_layers(
            plan.hidden_layers, features.units, f"{name}/{_HIDDEN_LAYERS}"
        )
        units = hidden_layers.units
        mask = None
        if plan.has_token_mask:
            mask = TokenMask(units, self._parameters, f"{name}/{_TOKEN_MASK}")
        token_ids: Optional[Parameter] = None
        if plan.token_id_inputs is not None:
            path = f"{name}/{_TOKEN_IDS}/kernel"
            self.sparse_kernels[path] = TEXT, SEQUENCE
            token_ids = self._parameters.glorot_uniform(
                path, (plan.token_id_inputs, _TOKEN_ID_UNITS), is_trainable=False
            )
        encoder = self._encoder(plan.encoder, units, f"{name}/{_ENCODER}")
        return SequenceLayer(features, hidden_layers, mask, encoder, token_ids)

    def encoder(self, name: str, inputs: int) -> Optional[Encoder]:
        """Builds an encoder, if the plan has one."""
        return self._encoder(self._plan.encoder(name), inputs, name)

    def label_loss(self, name: str) -> LabelLoss:
        """Builds a loss that compares inputs with labels."""
        return LabelLoss(self._plan.label_loss(name))

    def multi_label_loss(self, name: str) -> MultiLabelLoss:
        """Builds a loss for inputs that may have several labels."""
        plan = self._plan.multi_label_loss(name)
        return MultiLabelLoss(plan.negatives, plan.is_scaled)

    def tagger(
        self, tag_name: str, inputs: int, entity_tag_count: Optional[int] = None
    ) -> Tagger:
        """Builds the layer that tags tokens with entities, roles or groups.

        Args:
            tag_name: `entity`, `role` or `group`.
            inputs: Number of units of a token.
            entity_tag_count: Number of tags of entities, if roles or groups depend on
                them.
        """
        embedding = None
        if entity_tag_count is not None:
            embedding = self.dense(f"embed.{tag_name}.tags", entity_tag_count)
            inputs += embedding.units
        path = f"crf.{tag_name}"
        plan = self._plan.crf(path)
        return Tagger(
            self.dense(f"embed.{tag_name}.logits", inputs),
            plan.l2,
            plan.is_scaled,
            self._parameters,
            path,
            embedding,
        )

    def _combined_features(
        self, plan: CombinedFeaturesPlan, path: str
    ) -> CombinedFeatures:
        layer = None
        if plan.sparse is not None:
            name = f"{path}/{_SPARSE}"
            self.sparse_kernels[f"{name}/kernel"] = (
                plan.sparse.attribute,
                plan.sparse.feature_type,
            )
            layer = SparseLayer(
                plan.sparse.inputs,
                plan.sparse.units,
                plan.sparse.dropout_rate,
                plan.sparse.unit_dropout_rate,
                plan.sparse.l2,
                self._parameters,
                name,
            )
        return CombinedFeatures(layer, plan.units)

    def _sequence_and_sentence(
        self, plan: SequenceAndSentencePlan, path: str
    ) -> SequenceAndSentence:
        def part(
            name: str,
            features: Optional[CombinedFeaturesPlan],
            unifier: Optional[HiddenLayersPlan],
        ) -> Tuple[Optional[CombinedFeatures], Optional[HiddenLayers]]:
            if features is None:
                return None, None
            combined = self._combined_features(features, f"{path}/sparse_dense.{name}")
            if unifier is None:
                return combined, None
            own = f"{path}/unify_dims_before_seq_sent_concat.{name}"
            return combined, self._hidden_layers(unifier, combined.units, own)

        sequence = part("sequence", plan.sequence, plan.sequence_unifier)
        sentence = part("sentence", plan.sentence, plan.sentence_unifier)
        return SequenceAndSentence(sequence[0], sentence[0], sequence[1], sentence[1])

    def _hidden_layers(
        self, plan: HiddenLayersPlan, inputs: int, path: str
    ) -> HiddenLayers:
        return HiddenLayers(
            inputs, plan.sizes, plan.dropout_rate, plan.l2, self._parameters, path
        )

    def _encoder(
        self, settings: Optional[EncoderSettings], inputs: int, path: str
    ) -> Optional[Encoder]:
        if settings is None:
            return None
        return Encoder(settings, inputs, self._parameters, path)
