"""Turns the features of an attribute with tokens into activations of every token."""

from __future__ import annotations

from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameter, Tape, Value
from rasa_randconn.nn import operations
from rasa_randconn.nn.encoder import Encoder
from rasa_randconn.nn.features import CSRMatrix, Feature, are_tokens, last_rows
from rasa_randconn.nn.hidden_layers import HiddenLayers
from rasa_randconn.nn.sequence_and_sentence import SequenceAndSentence
from rasa_randconn.nn.token_mask import TokenMask


class EncodedSequence(NamedTuple):
    """The encoded features of an attribute.

    Attributes:
        rows: Activations `[rows, units]`: for every example its tokens, then its
            sentence.
        lengths: Number of rows of every example.
        inputs: Activations before masking and encoder.
        is_masked: Which rows were masked; `None` if none can be.
        attention: Attention weights; `None` unless requested.
    """

    rows: Value
    lengths: np.ndarray
    inputs: Value
    is_masked: Optional[np.ndarray]
    attention: Optional[np.ndarray]

    def sentences(self, tape: Tape) -> Value:
        """The last row of every example `[examples, units]`."""
        return operations.gather(tape, self.rows, last_rows(self.lengths))


class SequenceLayer:
    """Combines features, applies hidden layers, masks tokens, and encodes.

    Source: Rasa's `RasaSequenceLayer`.

    Attributes:
        input_units: Number of units before masking and encoder.
        units: Number of outputs.
    """

    def __init__(
        self,
        features: SequenceAndSentence,
        hidden_layers: HiddenLayers,
        token_mask: Optional[TokenMask],
        encoder: Optional[Encoder],
        token_ids: Optional[Parameter] = None,
    ) -> None:
        """Takes the layers; some may be missing.

        Args:
            features: Combines the features.
            hidden_layers: Applied to the combined features.
            token_mask: Masks tokens while training.
            encoder: Applied last.
            token_ids: A random kernel that distinguishes tokens without dense features.
        """
        self._features = features
        self._hidden_layers = hidden_layers
        self._token_mask = token_mask
        self._encoder = encoder
        self._token_ids = token_ids
        self.input_units = hidden_layers.units
        self.units = encoder.settings.units if encoder else hidden_layers.units

    def __call__(
        self,
        tape: Tape,
        sequence_features: Sequence[Feature],
        sentence_features: Sequence[Feature],
        return_attention: bool = False,
    ) -> EncodedSequence:
        """Encodes the features of an attribute.

        Args:
            tape: The current pass.
            sequence_features: Features of tokens.
            sentence_features: Features of sentences; none if there are none.
            return_attention: Whether to return the attention weights.
        """
        inputs, lengths = self._inputs(tape, sequence_features, sentence_features)
        rows, is_masked = self._masked(tape, inputs, lengths, bool(sentence_features))
        attention = None
        if self._encoder is not None:
            rows, attention = self._encoder(tape, rows, lengths, return_attention)
            rows = operations.gelu(tape, rows)
        return EncodedSequence(rows, lengths, inputs, is_masked, attention)

    def sentences(
        self,
        tape: Tape,
        sequence_features: Sequence[Feature],
        sentence_features: Sequence[Feature],
    ) -> Value:
        """Encodes features, and returns the row of every example's sentence, its last.

        Rows of tokens are not computed where no sentence depends on them.

        Args:
            tape: The current pass.
            sequence_features: Features of tokens.
            sentence_features: Features of sentences; none if there are none.

        Returns:
            Activations `[examples, units]`.
        """
        inputs, lengths = self._inputs(tape, sequence_features, sentence_features)
        rows, _ = self._masked(tape, inputs, lengths, bool(sentence_features))
        last = last_rows(lengths)
        if self._encoder is None:
            return operations.gather(tape, rows, last)
        rows, _ = self._encoder(tape, rows, lengths, selected=last)
        return operations.gelu(tape, rows)

    def _inputs(
        self,
        tape: Tape,
        sequence_features: Sequence[Feature],
        sentence_features: Sequence[Feature],
    ) -> Tuple[Value, np.ndarray]:
        inputs, lengths = self._features(tape, sequence_features, sentence_features)
        return self._hidden_layers(tape, inputs), lengths

    def _masked(
        self, tape: Tape, inputs: Value, lengths: np.ndarray, has_sentences: bool
    ) -> Tuple[Value, Optional[np.ndarray]]:
        if self._token_mask is None or not tape.is_training:
            return inputs, None
        is_token = np.ones(len(inputs.array), bool)
        if has_sentences:
            is_token = are_tokens(lengths)
        return self._token_mask(tape, inputs, is_token)

    def ids_of_tokens(
        self, sequence_features: Sequence[Feature], lengths: np.ndarray
    ) -> np.ndarray:
        """A number for every row; equal tokens have equal numbers.

        Args:
            sequence_features: Features of tokens.
            lengths: Number of rows of every example, with those of sentences.
        """
        vectors = self._token_vectors(sequence_features)
        has_sentences = len(vectors) < lengths.sum()
        by_row = np.zeros((int(lengths.sum()), vectors.shape[1]), np.float32)
        by_row[are_tokens(lengths) if has_sentences else slice(None)] = vectors
        ids: np.ndarray = np.unique(by_row, axis=0, return_inverse=True)[1]
        return ids.reshape(-1)

    def _token_vectors(self, features: Sequence[Feature]) -> np.ndarray:
        """Vectors `[tokens, units]` that are equal for equal tokens."""
        for feature in features:
            if isinstance(feature.rows, np.ndarray):
                return feature.rows
        rows = features[0].rows
        assert isinstance(rows, CSRMatrix) and self._token_ids is not None
        owners = np.repeat(np.arange(len(rows.indptr) - 1), np.diff(rows.indptr))
        vectors = np.zeros((len(rows.indptr) - 1, 2), np.float32)
        products = rows.data[:, np.newaxis] * self._token_ids.array[rows.indices]
        np.add.at(vectors, owners, products)
        return vectors
