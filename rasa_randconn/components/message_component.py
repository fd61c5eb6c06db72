"""What our components that answer messages have in common."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any, Dict, List, Optional, Sequence

from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.utils.tensorflow.constants import FEATURIZERS

from rasa_randconn.components.options import checked_config
from rasa_randconn.components.randomly_connected_component import (
    RandomlyConnectedComponent,
)
from rasa_randconn.serving import (
    batch_of_messages,
    kinds_of_features,
    split_predictions,
)

Prediction = Optional[Dict[str, Any]]

# Messages that are predicted at once.
_LARGEST_BATCH = 64


class MessageComponent(RandomlyConnectedComponent):
    """Mixin for `DIETClassifier` and what derives from it.

    It checks options, seals what was trained, and predicts messages together.
    """

    component_config: Dict[str, Any]
    _predictions: Optional[Dict[int, Prediction]] = None

    def _check_config_parameters(self) -> None:
        self.component_config = checked_config(type(self), self.component_config)
        super()._check_config_parameters()

    def train(self, training_data: TrainingData) -> Resource:
        """Trains the component (see `DIETClassifier.train`)."""
        resource: Resource = super().train(training_data)
        self._seal_if_skipped()
        return resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Adds predictions to messages (see `DIETClassifier.process`)."""
        processed: List[Message]
        if len(messages) == 1:
            processed = super().process(messages)
            return processed
        # stock asks for one prediction after the other; this copy knows them all
        informed = copy.copy(self)
        informed._predictions = {}
        for start in range(0, len(messages), _LARGEST_BATCH):
            some = messages[start : start + _LARGEST_BATCH]
            predictions = self._predict_together(some)
            informed._predictions.update(zip(map(id, some), predictions))
        processed = super(MessageComponent, informed).process(messages)
        return processed

    def _predict(self, message: Message) -> Prediction:
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
                groups[kinds_of_features(message)].append(i)
        if self.model is None:
            return predictions
        for numbers in groups.values():
            batch = batch_of_messages([messages[i] for i in numbers], featurizers)
            found = self.model.predict_batch(batch)
            for i, prediction in zip(numbers, split_predictions(found, batch)):
                predictions[i] = prediction
        return predictions
