"""DIET's network: layers, loss and prediction."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameters, Tape, Value
from rasa_randconn.batches.batch import Batch, dense
from rasa_randconn.batches.names import (
    DIAGNOSTIC_DATA,
    ENTITIES,
    ENTITY_ATTRIBUTE_TYPE,
    IDS,
    LABEL,
    SENTENCE,
    SEQUENCE,
    TEXT,
)
from rasa_randconn.models.layer_factory import LayerFactory
from rasa_randconn.models.network import Network
from rasa_randconn.models.plan import Signatures, TagSpec
from rasa_randconn.nn import operations
from rasa_randconn.nn.crf import Tagger, tags_of
from rasa_randconn.nn.features import Feature, are_tokens, last_rows, padded
from rasa_randconn.nn.label_loss import Labelled
from rasa_randconn.nn.metrics import Metrics
from rasa_randconn.nn.sequence_layer import EncodedSequence, SequenceLayer


class _NamedTagger(NamedTuple):
    name: str
    tagger: Tagger


class DIETNetwork(Network):
    """Predicts intents and entities from the features of a text.

    The rows of an example are its tokens, followed by one for the whole sentence if
    there are features of sentences.

    Source: Bunk et al., "DIET: Lightweight Language Understanding for Dialogue
    Systems", 2020; Rasa's `DIET`.
    """

    def __init__(
        self,
        factory: LayerFactory,
        parameters: Parameters,
        signatures: Mapping[str, Signatures],
        label_signatures: Mapping[str, Signatures],
        label_batch: Batch,
        tag_specs: Sequence[TagSpec],
        label_metric: str = "i",
        encodes_labels: bool = False,
        masks_tokens: bool = False,
        shares_hidden_layers: bool = False,
    ) -> None:
        """Makes all layers.

        Args:
            factory: Builds layers from the plan.
            parameters: All weights.
            signatures: Signatures of the features by attribute and feature type.
            label_signatures: The same for those of the labels.
            label_batch: Features of all labels; used if the plan has a loss of labels.
            tag_specs: What tags there are, in the order of tagging.
            label_metric: First letter of the metrics of labels.
            encodes_labels: Whether labels are texts, which are encoded like inputs;
                else they are bags of words.
            masks_tokens: The option `use_masked_language_model`.
            shares_hidden_layers: The option `share_hidden_layers`.
        """
        super().__init__(parameters)
        self._text_layer = factory.sequence_layer(
            f"sequence_layer.{TEXT}", signatures[TEXT]
        )
        units = self._text_layer.units
        self._mask_loss = None
        if masks_tokens:
            self._mask_loss = factory.label_loss(f"loss.{TEXT}_mask")
            self._embed_prediction = factory.dense(f"embed.{TEXT}_lm_mask", units)
            self._embed_target = factory.dense(
                f"embed.{TEXT}_golden_token", self._text_layer.input_units
            )
        self._label_loss = None
        self._label_metric = label_metric
        if factory.has(f"loss.{LABEL}"):
            self._label_loss = factory.label_loss(f"loss.{LABEL}")
            self._label_encoder: Any
            if encodes_labels and shares_hidden_layers:
                self._label_encoder = _EncodedText(self._text_layer)
            elif encodes_labels:
                self._label_encoder = _EncodedText(
                    factory.sequence_layer(f"sequence_layer.{LABEL}", signatures[LABEL])
                )
            else:
                self._label_encoder = _BagOfWords(factory, label_signatures[LABEL])
            self._embed_text = factory.dense(f"embed.{TEXT}", units)
            self._embed_label = factory.dense(
                f"embed.{LABEL}", self._label_encoder.units
            )
            self._label_batch = label_batch
            self._label_ids = _ids_of(label_batch)
        self._predicts_from_tokens = encodes_labels
        self._taggers: List[_NamedTagger] = []
        entity_tag_count: Optional[int] = None
        for spec in tag_specs:
            if spec.number_of_tags == 0:
                continue
            tagger = factory.tagger(spec.name, units, entity_tag_count)
            self._taggers.append(_NamedTagger(spec.name, tagger))
            if spec.name == ENTITY_ATTRIBUTE_TYPE:
                entity_tag_count = spec.number_of_tags
        if self._label_loss is not None:
            self.accuracy_metrics.append(f"{label_metric}_acc")
        self.accuracy_metrics += [f"{tagger.name[0]}_f1" for tagger in self._taggers]

    def loss(self, tape: Tape, batch: Batch, metrics: Metrics) -> float:
        """Sums up the losses of masked tokens, intents and entities."""
        decides_from_sentences = self._mask_loss is None and not self._taggers
        if decides_from_sentences and self._label_loss is not None:
            features = batch[TEXT]
            sentences = self._text_layer.sentences(
                tape, features[SEQUENCE], features.get(SENTENCE, ())
            )
            return self._loss_of_labels(tape, batch, sentences, metrics)
        text, tokens = self._encoded(tape, batch)
        total = 0.0
        if self._mask_loss is not None and tape.is_training:
            total += self._loss_of_masked_tokens(tape, batch, text, metrics)
        if self._label_loss is not None:
            total += self._loss_of_labels(tape, batch, text.sentences(tape), metrics)
        if self._taggers:
            total += self._loss_of_entities(tape, batch, text, tokens, metrics)
        return total

    def prepare_for_prediction(self) -> Optional[np.ndarray]:
        """Embeds all labels."""
        if self._label_loss is None:
            return None
        return self._embedded_labels(Tape(), self._label_batch).array

    def predict(self, batch: Batch, prepared: Optional[np.ndarray]) -> Dict[str, Any]:
        """Predicts intents and entities.

        Args:
            batch: Features of texts.
            prepared: Embeddings of all labels.

        Returns:
            `i_scores` `[batch, labels]`; for every set of tags `e_..._ids` and
            `e_..._scores` `[batch, length]`; diagnostic data.
        """
        tape = Tape()
        text, tokens = self._encoded(tape, batch, return_attention=True)
        rows, lengths = text.rows.array, text.lengths
        longest = int(lengths.max())
        result: Dict[str, Any] = {
            DIAGNOSTIC_DATA: {
                "attention_weights": text.attention,
                "text_transformed": padded(rows, lengths, longest),
            }
        }
        if self._label_loss is not None:
            assert prepared is not None
            last = last_rows(lengths)
            if self._predicts_from_tokens:
                # for labels that are texts, Rasa predicts from the row of the last
                # token, not from that of the sentence after it
                last = last - (tokens.lengths > 0) * (lengths - tokens.lengths)
            sentences = rows[last]
            _, scores = self._label_loss.similarities_and_confidences(
                self._embed_text(tape, Value(sentences)).array, prepared
            )
            result["i_scores"] = scores
        entity_tags = None
        for name, tagger in self._taggers:
            tags, confidences = tagger.decode(
                rows[tokens.indices], tokens.lengths, entity_tags
            )
            result[f"e_{name}_ids"] = padded(tags, tokens.lengths, longest)
            result[f"e_{name}_scores"] = padded(confidences, tokens.lengths, longest)
            if name == ENTITY_ATTRIBUTE_TYPE:
                entity_tags = tags
        return result

    def _encoded(
        self, tape: Tape, batch: Batch, return_attention: bool = False
    ) -> Tuple[EncodedSequence, _Tokens]:
        features = batch[TEXT]
        sentence = features.get(SENTENCE, ())
        text = self._text_layer(
            tape, features[SEQUENCE], sentence, return_attention=return_attention
        )
        return text, _Tokens.of(text.lengths, bool(sentence))

    def _loss_of_masked_tokens(
        self, tape: Tape, batch: Batch, text: EncodedSequence, metrics: Metrics
    ) -> float:
        assert self._mask_loss is not None and text.is_masked is not None
        # as in stock, there is at least one
        masked = np.flatnonzero(text.is_masked)
        if not len(masked):
            masked = np.zeros(1, np.int64)
        ids = self._text_layer.ids_of_tokens(batch[TEXT][SEQUENCE], text.lengths)
        predictions = self._embed_prediction(
            tape, operations.gather(tape, text.rows, masked)
        )
        targets = self._embed_target(tape, operations.gather(tape, text.inputs, masked))
        labelled = Labelled(targets, ids[masked])
        loss, accuracy = self._mask_loss(
            tape, Labelled(predictions, ids[masked]), labelled, labelled
        )
        metrics.add("m_loss", loss)
        metrics.add("m_acc", accuracy)
        return loss

    def _loss_of_labels(
        self, tape: Tape, batch: Batch, sentences: Value, metrics: Metrics
    ) -> float:
        assert self._label_loss is not None
        ids = _ids_of(batch)
        loss, accuracy = self._label_loss(
            tape,
            Labelled(self._embed_text(tape, sentences), ids),
            Labelled(self._embedded_labels(tape, batch), ids),
            Labelled(self._embedded_labels(tape, self._label_batch), self._label_ids),
        )
        metrics.add(f"{self._label_metric}_loss", loss)
        metrics.add(f"{self._label_metric}_acc", accuracy)
        return loss

    def _embedded_labels(self, tape: Tape, batch: Batch) -> Value:
        features = batch[LABEL]
        encoded = self._label_encoder(
            tape, features.get(SEQUENCE, ()), features.get(SENTENCE, ())
        )
        return self._embed_label(tape, encoded)

    def _loss_of_entities(
        self,
        tape: Tape,
        batch: Batch,
        text: EncodedSequence,
        tokens: _Tokens,
        metrics: Metrics,
    ) -> float:
        total = 0.0
        entity_tags: Optional[np.ndarray] = None
        rows = operations.gather(tape, text.rows, tokens.indices)
        for name, tagger in self._taggers:
            tags = tags_of(batch[ENTITIES][name][0], tokens.lengths)
            loss, counts = tagger.loss(tape, rows, tokens.lengths, tags, entity_tags)
            if name == ENTITY_ATTRIBUTE_TYPE:
                entity_tags = tags
            metrics.add(f"{name[0]}_loss", loss)
            metrics.add_counts(f"{name[0]}_f1", counts)
            total += loss
        return total


class _BagOfWords:
    """Labels as sums of their features, through hidden layers."""

    def __init__(self, factory: LayerFactory, signatures: Signatures) -> None:
        self._features = factory.sequence_and_sentence(
            f"feature_combining_layer.{LABEL}", signatures
        )
        self._hidden_layers = factory.hidden_layers(
            f"ffnn.{LABEL}", self._features.units
        )
        self.units = self._hidden_layers.units

    def __call__(
        self, tape: Tape, sequence: Sequence[Feature], sentence: Sequence[Feature]
    ) -> Value:
        rows, lengths = self._features(tape, sequence, sentence)
        return self._hidden_layers(tape, operations.segment_sum(tape, rows, lengths))


class _EncodedText:
    """Labels as texts, of which the sentence stands for the label."""

    def __init__(self, layer: SequenceLayer) -> None:
        self._layer = layer
        self.units = layer.units

    def __call__(
        self, tape: Tape, sequence: Sequence[Feature], sentence: Sequence[Feature]
    ) -> Value:
        return self._layer.sentences(tape, sequence, sentence)


class _Tokens(NamedTuple):
    """The rows of tokens among those of tokens and sentences.

    Attributes:
        indices: Indices of the rows.
        lengths: Number of tokens of every example.
    """

    indices: np.ndarray
    lengths: np.ndarray

    @staticmethod
    def of(lengths: np.ndarray, has_sentences: bool) -> _Tokens:
        """The rows of tokens.

        Args:
            lengths: Number of rows of every example.
            has_sentences: Whether the last of them is no token.
        """
        if not has_sentences:
            return _Tokens(np.arange(int(lengths.sum())), lengths)
        return _Tokens(np.flatnonzero(are_tokens(lengths)), lengths - 1)


def _ids_of(batch: Batch) -> np.ndarray:
    """The labels of all examples, as numbers."""
    return dense(batch, LABEL, IDS)[:, 0].astype(np.int64)
