"""The arithmetic of TED."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameters, Tape, Value
from rasa_randconn.batches.batch import Batch, dense, has
from rasa_randconn.batches.names import (
    ACTION_NAME,
    ACTION_TEXT,
    DIAGNOSTIC_DATA,
    DIALOGUE,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_TAGS,
    IDS,
    INTENT,
    LABEL,
    LABEL_FEATURES_TO_ENCODE,
    LENGTH,
    MASK,
    SENTENCE,
    SENTENCE_FEATURES_TO_ENCODE,
    SEQUENCE,
    SEQUENCE_FEATURES_TO_ENCODE,
    STATE_LEVEL_FEATURES,
    TEXT,
)
from rasa_randconn.models.layer_factory import LayerFactory
from rasa_randconn.models.network import Network
from rasa_randconn.models.plan import Signatures
from rasa_randconn.nn import operations
from rasa_randconn.nn.combined_features import CombinedFeatures
from rasa_randconn.nn.crf import Tagger, tags_of
from rasa_randconn.nn.features import are_tokens, padded, starts_of
from rasa_randconn.nn.hidden_layers import HiddenLayers
from rasa_randconn.nn.label_loss import Labelled
from rasa_randconn.nn.metrics import Metrics
from rasa_randconn.nn.sequence_layer import EncodedSequence, SequenceLayer

_TURN_FEATURES = SENTENCE_FEATURES_TO_ENCODE + STATE_LEVEL_FEATURES
_ENCODED_FEATURES = SENTENCE_FEATURES_TO_ENCODE + LABEL_FEATURES_TO_ENCODE
# Attributes of which a turn has one; their encodings are added.
_ALTERNATIVES = ((INTENT, TEXT), (ACTION_NAME, ACTION_TEXT))


class TEDNetwork(Network):
    """Actions, and entities in end-to-end dialogues, from the turns of a dialogue.

    Source: Vlasov, Mosig and Nichol, "Dialogue Transformers", 2019; Rasa's `TED`.
    """

    def __init__(
        self,
        factory: LayerFactory,
        parameters: Parameters,
        signatures: Mapping[str, Signatures],
        label_signatures: Mapping[str, Signatures],
        label_batch: Batch,
        entity_tags: int,
        uses_last_turn: bool,
    ) -> None:
        """Makes all layers.

        Args:
            factory: Builds layers from the plan.
            parameters: All weights.
            signatures: Signatures of the features by attribute and feature type.
            label_signatures: The same for those of the labels.
            label_batch: Features of all labels.
            entity_tags: Number of tags of entities; 0 if none are recognised.
            uses_last_turn: Whether only the last turn of a dialogue is predicted from
                (there is a maximal history), else all turns.
        """
        super().__init__(parameters)
        self.accuracy_metrics = ["acc", "e_f1"]
        self._uses_last_turn = uses_last_turn
        self._label_batch = label_batch
        self._label_ids = dense(label_batch, LABEL, IDS)[:, 0].astype(np.int64)
        self._attributes: Dict[str, _Attribute] = {}
        tags_texts = entity_tags > 0
        for name, signature in (*signatures.items(), *label_signatures.items()):
            keeps_tokens = tags_texts and name == TEXT
            attribute = _attribute(factory, name, signature, keeps_tokens)
            if attribute is not None:
                self._attributes[name] = attribute
        self._dialogue_parts = _parts_of_turns(
            [n for n in signatures if n in _TURN_FEATURES and n in self._attributes]
        )
        inputs = sum(self._attributes[names[0]].units for names in self._dialogue_parts)
        self._encoder = factory.encoder(f"transformer.{DIALOGUE}", inputs)
        units = self._encoder.settings.units if self._encoder else inputs
        self._embed_dialogue = factory.dense(f"embed.{DIALOGUE}", units)
        label_units = next(
            self._attributes[name].units
            for name in label_signatures
            if name in self._attributes
        )
        self._embed_label = factory.dense(f"embed.{LABEL}", label_units)
        self._label_loss = self._make_label_loss(factory)
        self._tagger: Optional[Tagger] = None
        if tags_texts and TEXT in self._attributes:
            text_units = self._attributes[TEXT].sequence_units
            self._tagger = factory.tagger(ENTITY_ATTRIBUTE_TYPE, text_units + units)

    def loss(self, tape: Tape, batch: Batch, metrics: Metrics) -> float:
        """Sums up the losses of actions and entities."""
        all_labels = self._embedded_labels(tape)
        turns = _Turns.of(batch)
        dialogues, text, _ = self._transformed(tape, batch, turns)
        inputs = self._embed_dialogue(tape, dialogues)
        loss, accuracy = self._loss_of_labels(tape, batch, turns, inputs, all_labels)
        metrics.add("loss", loss)
        metrics.add("acc", accuracy)
        if self._tagger is None:
            return loss
        tagged = self._tagged_texts(batch, turns, text)
        if tagged is None or text is None:
            return loss
        rows = self._rows_to_tag(tape, dialogues, text.rows, tagged)
        tags = tags_of(batch[ENTITY_TAGS][IDS][0], tagged.lengths)
        entity_loss, counts = self._tagger.loss(tape, rows, tagged.lengths, tags)
        metrics.add("e_loss", entity_loss)
        metrics.add_counts("e_f1", counts)
        return loss + entity_loss

    def prepare_for_prediction(self) -> np.ndarray:
        """Embeds all labels."""
        return self._embedded_labels(Tape()).array

    def predict(self, batch: Batch, prepared: np.ndarray) -> Dict[str, Any]:
        """Predicts actions and entities.

        Args:
            batch: Features of dialogues.
            prepared: Embeddings of all labels.

        Returns:
            `similarities` and `scores` `[batch, 1, labels]`; `e_entity_ids` and
            `e_entity_scores` `[texts, length]`; diagnostic data.
        """
        tape = Tape()
        turns = _Turns.of(batch)
        dialogues, text, attention = self._transformed(
            tape, batch, turns, return_attention=True
        )
        predicting = dialogues.array
        if not self._uses_last_turn:
            predicting = predicting[turns.starts[1:] - 1]
        embedded = self._embed_dialogue(tape, Value(predicting)).array
        similarities, scores = self._label_loss.similarities_and_confidences(
            embedded, prepared
        )
        result: Dict[str, Any] = {
            "similarities": similarities[:, np.newaxis],
            "scores": scores[:, np.newaxis],
            DIAGNOSTIC_DATA: {"attention_weights": attention},
        }
        if self._tagger is None:
            return result
        ids, confidences = np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32)
        tagged = self._tagged_texts(batch, turns, text)
        if tagged is not None and text is not None:
            rows = self._rows_to_tag(tape, dialogues, text.rows, tagged)
            flat_ids, flat_confidences = self._tagger.decode(rows.array, tagged.lengths)
            longest = int(tagged.lengths.max()) + 1
            ids = padded(flat_ids, tagged.lengths, longest)
            confidences = padded(flat_confidences, tagged.lengths, longest)
        result[f"e_{ENTITY_ATTRIBUTE_TYPE}_ids"] = ids
        result[f"e_{ENTITY_ATTRIBUTE_TYPE}_scores"] = confidences
        return result

    def _make_label_loss(self, factory: LayerFactory) -> Any:
        return factory.label_loss(f"loss.{LABEL}")

    def _loss_of_labels(
        self, tape: Tape, batch: Batch, turns: _Turns, inputs: Value, all_labels: Value
    ) -> Tuple[float, float]:
        """Loss and accuracy of the labels of embedded turns."""
        ids = dense(batch, LABEL, IDS).reshape(-1).astype(np.int64)
        sample_weight = None
        if not self._uses_last_turn:
            sample_weight = np.repeat(1 / turns.lengths, turns.lengths) / len(
                turns.lengths
            )
            sample_weight = sample_weight.astype(np.float32)
        loss, accuracy = self._label_loss(
            tape,
            Labelled(inputs, ids),
            Labelled(operations.gather(tape, all_labels, ids), ids),
            Labelled(all_labels, self._label_ids),
            sample_weight,
        )
        return loss, accuracy

    def _embedded_labels(self, tape: Tape) -> Value:
        count = len(self._label_ids)
        parts, indices = [], []
        for name in self._label_batch:
            if name in self._attributes:
                encoded, _ = self._attributes[name].encode(tape, self._label_batch)
                parts.append(encoded)
                indices.append(_real_turns(self._label_batch, name))
        return self._embed_label(tape, operations.scatter(tape, parts, indices, count))

    def _transformed(
        self,
        tape: Tape,
        batch: Batch,
        turns: _Turns,
        return_attention: bool = False,
    ) -> Tuple[Value, Optional[EncodedSequence], Optional[np.ndarray]]:
        """Encodes all turns, and all dialogues.

        Returns:
            Activations of the turns that count `[turns, units]`, which are all, or the
            last one of every dialogue; the encoded texts; attention weights if they
            are asked for.
        """
        text: Optional[EncodedSequence] = None
        joined: List[Value] = []
        for names in self._dialogue_parts:
            parts, indices = [], []
            for name in names:
                encoded, sequence = self._attributes[name].encode(tape, batch)
                parts.append(encoded)
                indices.append(_real_turns(batch, name))
                if name == TEXT:
                    text = sequence
            joined.append(operations.scatter(tape, parts, indices, turns.number))
        rows = operations.concatenate(tape, joined)
        last_turns = None
        if self._uses_last_turn:
            # the last turn always has the same position
            rows = operations.gather(tape, rows, turns.reversed())
            last_turns = turns.starts[:-1]
        attention = None
        if self._encoder is not None:
            rows, attention = self._encoder(
                tape, rows, turns.lengths, return_attention, last_turns
            )
        elif last_turns is not None:
            rows = operations.gather(tape, rows, last_turns)
        return operations.gelu(tape, rows), text, attention

    def _tagged_texts(
        self, batch: Batch, turns: _Turns, text: Optional[EncodedSequence]
    ) -> Optional[_TaggedTexts]:
        if text is None or not len(text.lengths):
            return None
        real = _real_turns(batch, TEXT)
        owners = np.repeat(np.arange(len(turns.lengths)), turns.lengths)
        is_tagged = np.ones(len(real), bool)
        contexts = real
        if self._uses_last_turn:
            is_tagged = real == turns.starts[1:][owners[real]] - 1
            contexts = owners[real]
        if not is_tagged.any():
            return None
        tokens = np.repeat(is_tagged, text.lengths) & are_tokens(text.lengths)
        lengths = text.lengths[is_tagged] - 1
        return _TaggedTexts(np.flatnonzero(tokens), lengths, contexts[is_tagged])

    def _rows_to_tag(
        self, tape: Tape, dialogues: Value, text: Value, tagged: _TaggedTexts
    ) -> Value:
        """Tokens, each with its dialogue beside it."""
        tokens = operations.gather(tape, text, tagged.tokens)
        contexts = np.repeat(tagged.contexts, tagged.lengths)
        context = operations.gather(tape, dialogues, contexts)
        return operations.concatenate(tape, [tokens, context])


class IntentTEDNetwork(TEDNetwork):
    """Intents that are likely after the turns of a dialogue; there may be several.

    Source: Rasa's `IntentTED`.
    """

    def _make_label_loss(self, factory: LayerFactory) -> Any:
        return factory.multi_label_loss(f"loss.{LABEL}")

    def _loss_of_labels(
        self, tape: Tape, batch: Batch, turns: _Turns, inputs: Value, all_labels: Value
    ) -> Tuple[float, float]:
        labels = dense(batch, LABEL, IDS).reshape(len(inputs.array), -1)
        loss, accuracy = self._label_loss(
            tape, inputs, labels.astype(np.int64), all_labels
        )
        return loss, accuracy


class _Turns(NamedTuple):
    """All turns of a batch, one dialogue after the other.

    Attributes:
        lengths: Number of turns of every dialogue.
        starts: Where dialogues begin, and the number of turns.
    """

    lengths: np.ndarray
    starts: np.ndarray

    @staticmethod
    def of(batch: Batch) -> _Turns:
        lengths = dense(batch, DIALOGUE, LENGTH).reshape(-1).astype(np.int64)
        return _Turns(lengths, starts_of(lengths))

    @property
    def number(self) -> int:
        return int(self.starts[-1])

    def reversed(self) -> np.ndarray:
        """Turns in the order that puts the last one of each dialogue first."""
        edges = self.starts[:-1] + self.starts[1:] - 1
        return np.asarray(np.repeat(edges, self.lengths) - np.arange(self.number))


class _TaggedTexts(NamedTuple):
    """Texts whose tokens get tags.

    Attributes:
        tokens: Their tokens among all rows of texts.
        lengths: Number of tokens of every text.
        contexts: Where the activations are that say what the dialogue is about.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    contexts: np.ndarray


class _Attribute:
    """From the features of an attribute to one encoding for every turn that has it.

    Attributes:
        units: Number of units of an encoding.
        sequence_units: Number of units of a token, for attributes that have some.
    """

    def __init__(
        self,
        name: str,
        sequence: Optional[SequenceLayer],
        combined: Optional[CombinedFeatures],
        hidden_layers: Optional[HiddenLayers],
        keeps_tokens: bool,
    ) -> None:
        self._name = name
        self._keeps_tokens = keeps_tokens
        self._sequence = sequence
        self._combined = combined
        self._hidden_layers = hidden_layers
        last = hidden_layers or sequence or combined
        assert last is not None
        self.units = last.units
        self.sequence_units = sequence.units if sequence else 0

    def encode(
        self, tape: Tape, batch: Batch
    ) -> Tuple[Value, Optional[EncodedSequence]]:
        """Encodes the turns that have the attribute.

        Returns:
            Encodings `[turns with it, units]`, and all tokens if they are kept.
        """
        features = batch[self._name]
        if not len(features[SENTENCE][0].lengths):
            return Value(np.zeros((0, self.units), np.float32)), None
        sequence = None
        if self._sequence is not None and not self._keeps_tokens:
            encoded = self._sequence.sentences(
                tape, features[SEQUENCE], features[SENTENCE]
            )
        elif self._sequence is not None:
            sequence = self._sequence(tape, features[SEQUENCE], features[SENTENCE])
            encoded = sequence.sentences(tape)
        else:
            assert self._combined is not None
            encoded = self._combined(tape, features[SENTENCE])
        if self._hidden_layers is not None:
            encoded = self._hidden_layers(tape, encoded)
        return encoded, sequence


def _attribute(
    factory: LayerFactory, name: str, signature: Signatures, keeps_tokens: bool
) -> Optional[_Attribute]:
    if not signature.get(SENTENCE):
        return None
    sequence, combined, hidden_layers = None, None, None
    if name in SEQUENCE_FEATURES_TO_ENCODE:
        sequence = factory.sequence_layer(f"sequence_layer.{name}", signature)
        units = sequence.units
    else:
        combined = factory.combined_features(
            f"sparse_dense_concat_layer.{name}", signature[SENTENCE]
        )
        units = combined.units
    if name in _ENCODED_FEATURES:
        hidden_layers = factory.hidden_layers(f"encoding_layer.{name}", units)
    return _Attribute(name, sequence, combined, hidden_layers, keeps_tokens)


def _parts_of_turns(names: List[str]) -> List[List[str]]:
    """What lies side by side in a turn: user, bot, and every other attribute."""
    parts = [[n for n in pair if n in names] for pair in _ALTERNATIVES]
    paired = {name for pair in parts for name in pair}
    return [pair for pair in parts if pair] + [[n] for n in names if n not in paired]


def _real_turns(batch: Batch, name: str) -> np.ndarray:
    """Which turns have an attribute."""
    if not has(batch, name, MASK):
        return np.zeros(0, np.int64)
    return np.flatnonzero(dense(batch, name, MASK).reshape(-1))
