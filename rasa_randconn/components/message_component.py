"""What our components that answer messages have in common."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any, Dict, Iterator, List, Optional, Sequence

from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.utils.tensorflow.constants import FEATURIZERS

from rasa_randconn.batches.messages import (
    batch_of_messages,
    slots_of_text,
    split_predictions,
)
from rasa_randconn.components.randomly_connected_component import (
    RandomlyConnectedComponent,
)
from rasa_randconn.stock.message_hooks import MessageHooks, Prediction

# Messages that are predicted at once.
_LARGEST_BATCH = 64

# Upper bound of messages times tokens squared: the size of a head's attention weights,
# padded to the longest message.
_MOST_PAIRS = _LARGEST_BATCH * 128**2


class MessageComponent(RandomlyConnectedComponent, MessageHooks):
    """Mixin for `DIETClassifier` and what derives from it.

    It checks options, writes the manifest of what was trained, and predicts messages
    together.
    """

    _predictions: Optional[Dict[int, Prediction]] = None

    def train(self, training_data: TrainingData) -> Resource:
        """Trains the component (see `DIETClassifier.train`)."""
        resource: Resource = super().train(training_data)
        self._write_manifest_if_skipped()
        return resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Adds predictions to messages (see `DIETClassifier.process`)."""
        processed: List[Message]
        if len(messages) == 1:
            processed = super().process(messages)
            return processed
        # stock asks for one prediction at a time; this copy has all of them
        with_predictions = copy.copy(self)
        with_predictions._predictions = {}
        for batch in _batches(messages):
            predictions = self._predict_together(batch)
            with_predictions._predictions.update(zip(map(id, batch), predictions))
        processed = super(MessageComponent, with_predictions).process(messages)
        return processed

    def predict_message(self, message: Message) -> Prediction:
        """What the model predicts for a message; nothing if it has no features."""
        if self._predictions is not None:
            return self._predictions[id(message)]
        return self._predict_together([message])[0]

    def _predict_together(self, messages: Sequence[Message]) -> List[Prediction]:
        """Predicts some messages at once; those without features get nothing."""
        featurizers = self.component_config[FEATURIZERS]
        predictions: List[Prediction] = [None] * len(messages)
        groups: Dict[Any, List[int]] = defaultdict(list)
        for i, message in enumerate(messages):
            if message.features_present(TEXT, featurizers):
                groups[slots_of_text(message)].append(i)
        if self.model is None:
            return predictions
        for indices in groups.values():
            batch = batch_of_messages([messages[i] for i in indices], featurizers)
            found = self.model.predict_batch(batch)
            for i, prediction in zip(indices, split_predictions(found, batch)):
                predictions[i] = prediction
        return predictions


def _batches(messages: Sequence[Message]) -> Iterator[List[Message]]:
    """Splits messages into batches, bounding their number and attention weights."""
    batch: List[Message] = []
    longest = 0
    for message in messages:
        # one more for the sentence
        length = len(message.get(TOKENS_NAMES[TEXT]) or ()) + 1
        longest = max(longest, length)
        count = len(batch) + 1
        if batch and (count > _LARGEST_BATCH or count * longest**2 > _MOST_PAIRS):
            yield batch
            batch, longest = [], length
        batch.append(message)
    yield batch
