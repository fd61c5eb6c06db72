"""What our components that answer messages have in common."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Type, TypeVar

from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.utils.tensorflow.constants import FEATURIZERS

from rasa_randconn.batches.feature_checks import (
    FeatureError,
    check_finite,
    check_shapes,
)
from rasa_randconn.batches.feature_layout import FeatureLayout
from rasa_randconn.batches.messages import (
    batch_of_texts,
    features_of,
    slots_of,
    split_predictions,
)
from rasa_randconn.components.randomly_connected_component import (
    RandomlyConnectedComponent,
)
from rasa_randconn.components.saved_parts import (
    check_columns,
    check_label_names,
    check_tag_specs,
)
from rasa_randconn.files import write_json
from rasa_randconn.stock.message_hooks import MessageHooks, Prediction
from rasa_randconn.stock.training_message import TrainingMessage

ComponentT = TypeVar("ComponentT", bound="MessageComponent")

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

    finetune_mode: bool
    index_label_id_mapping: Dict[int, str]
    _predictions: Optional[Dict[int, Prediction]] = None
    _layout: Optional[FeatureLayout] = None
    # takes the place of the other one when there is a model that was trained on it
    _layout_of_training: Optional[FeatureLayout] = None

    def train(self, training_data: TrainingData) -> Resource:
        """Trains the component (see `DIETClassifier.train`)."""
        self._is_as_loaded = False
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

    def complete_features(
        self, messages: List[TrainingMessage], attribute: str
    ) -> None:
        """Checks the features of an attribute to train on, and adds missing ones.

        Raises:
            FeatureError: If features have a form that the model cannot learn from.
        """
        featurized, features = [], []
        without = None
        for message in messages:
            own = features_of(message, attribute, self._featurizers)
            if own:
                featurized.append(message)
                features.append(own)
            else:
                without = message
        values = [_value(message, attribute) for message in featurized]
        if attribute != TEXT and without is not None and values:
            raise FeatureError(
                f"The featurizers have features of the label '{values[0]}', but not "
                f"always of '{_value(without, attribute)}'."
            )
        for message, value, own in zip(featurized, values, features):
            check_shapes(own, value, self._rows_needed(message, attribute))
        check_finite(features, values)
        known = self._layout if attribute == TEXT and self.finetune_mode else None
        layout = FeatureLayout.of(features, known)
        if attribute == TEXT:
            self._layout_of_training = layout
        for message, value, own in zip(featurized, values, features):
            token_count = _token_count(message, attribute)
            if not layout.fits(own, token_count):
                complete = layout.complete(own, value, token_count)
                others = [f for f in message.features if all(f is not o for o in own)]
                message.features = [*others, *complete]

    def write_own_files(self, folder: Path) -> None:
        """Writes the layout of the features of texts."""
        super().write_own_files(folder)
        if self._layout_of_training is not None:
            self._layout, self._layout_of_training = self._layout_of_training, None
        if self._layout is not None:
            write_json(self._layout.to_json(), folder / self._layout_file())

    @classmethod
    def load_files(cls: Type[ComponentT], folder: Path, *args: Any) -> ComponentT:
        """Loads the files that Rasa's component has written, and ours."""
        component = super().load_files(folder, *args)
        path = folder / cls._layout_file()
        # models of version 0.1.0 have none
        if path.is_file():
            values = json.loads(path.read_text(encoding="utf-8"))
            component._layout = FeatureLayout.from_json(values)
        return component

    def check_saved_parts(self) -> None:
        """Checks what was loaded beside the model (see base class)."""
        super().check_saved_parts()
        assert self.model is not None
        labels = self.model.label_data
        check_label_names(self.index_label_id_mapping, labels.number_of_examples())
        check_tag_specs(self.tag_specs)
        if self._layout is not None:
            forms = [(s[1], s[2], width) for s, width in self._layout.widths.items()]
            check_columns(forms, self.model.data_signature[TEXT], TEXT)

    @classmethod
    def _layout_file(cls) -> str:
        return f"{cls.__name__}.feature_layout.json"

    @property
    def _featurizers(self) -> Optional[List[str]]:
        featurizers: Optional[List[str]] = self.component_config[FEATURIZERS]
        return featurizers

    def _rows_needed(self, message: Message, attribute: str) -> Optional[int]:
        """Number of rows that features of tokens must have; any if `None`."""
        is_tagged = attribute == TEXT and self.tags_tokens
        return _token_count(message, attribute) if is_tagged else None

    def _checked_features(self, message: Message) -> List[Features]:
        """The features of a message's text, checked and complete."""
        features = features_of(message, TEXT, self._featurizers)
        token_count, text = _token_count(message, TEXT), _value(message, TEXT)
        check_finite([features], [text])
        layout = self._layout
        if not features or (layout is not None and layout.fits(features, token_count)):
            return features
        check_shapes(features, text, self._rows_needed(message, TEXT))
        # models of version 0.1.0 have no layout
        return layout.complete(features, text, token_count) if layout else features

    def _predict_together(self, messages: Sequence[Message]) -> List[Prediction]:
        """Predicts some messages at once; those without features get nothing."""
        predictions: List[Prediction] = [None] * len(messages)
        if self.model is None:
            return predictions
        groups: Dict[Any, List[int]] = defaultdict(list)
        texts: List[List[Features]] = []
        for i, message in enumerate(messages):
            features = self._checked_features(message)
            texts.append(features)
            if features:
                groups[slots_of(features)].append(i)
        for indices in groups.values():
            batch = batch_of_texts([texts[i] for i in indices])
            found = self.model.predict_batch(batch)
            for i, prediction in zip(indices, split_predictions(found, batch)):
                predictions[i] = prediction
        return predictions


def _value(message: Message, attribute: str) -> str:
    return str(message.get(attribute) or "")


def _token_count(message: Message, attribute: str) -> Optional[int]:
    tokens = message.get(TOKENS_NAMES[attribute])
    return None if tokens is None else len(tokens)


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
