"""Features of tokens, followed by those of their sentence."""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

import numpy as np

from rasa_randconn.autodiff import Tape, Value
from rasa_randconn.nn import operations
from rasa_randconn.nn.combined_features import CombinedFeatures
from rasa_randconn.nn.features import Feature, are_tokens, last_rows
from rasa_randconn.nn.hidden_layers import HiddenLayers


class SequenceAndSentence:
    """Features of tokens, each example's followed by those of its sentence.

    Source: Rasa's `RasaFeatureCombiningLayer`.

    Attributes:
        units: Number of outputs.
    """

    def __init__(
        self,
        sequence: Optional[CombinedFeatures],
        sentence: Optional[CombinedFeatures],
        sequence_unifier: Optional[HiddenLayers] = None,
        sentence_unifier: Optional[HiddenLayers] = None,
    ) -> None:
        """Takes the layers; one of the first two may be missing.

        Args:
            sequence: Combines features of tokens.
            sentence: Combines features of sentences.
            sequence_unifier: Changes the number of units of tokens, so that sentences
                have as many.
            sentence_unifier: Changes the number of units of sentences.
        """
        self._sequence = sequence
        self._sentence = sentence
        self._sequence_unifier = sequence_unifier
        self._sentence_unifier = sentence_unifier
        last = sequence_unifier or sequence or sentence
        assert last is not None
        self.units = last.units

    def __call__(
        self,
        tape: Tape,
        sequence_features: Sequence[Feature],
        sentence_features: Sequence[Feature],
    ) -> Tuple[Value, np.ndarray]:
        """Combines features.

        Args:
            tape: The current pass.
            sequence_features: Features of tokens.
            sentence_features: Features of sentences, one row each.

        Returns:
            Activations `[rows, units]`, and the number of rows of every example.
        """
        if self._sentence is None:
            assert self._sequence is not None
            lengths = sequence_features[0].lengths
            return self._sequence(tape, sequence_features), lengths
        sentences = self._sentence(tape, sentence_features)
        if self._sequence is None:
            return sentences, np.ones(len(sentences.array), np.int64)
        tokens = self._sequence(tape, sequence_features)
        if self._sequence_unifier is not None:
            tokens = self._sequence_unifier(tape, tokens)
        if self._sentence_unifier is not None:
            sentences = self._sentence_unifier(tape, sentences)
        lengths = sequence_features[0].lengths + 1
        last, is_token = last_rows(lengths), are_tokens(lengths)
        joined = operations.scatter(
            tape, [tokens, sentences], [np.flatnonzero(is_token), last], len(is_token)
        )
        return joined, lengths
