"""Public names for what `DIETClassifier` keeps private."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.utils.tensorflow.constants import ENTITY_RECOGNITION
from rasa.utils.tensorflow.model_data import FeatureArray, RasaModelData

from rasa_randconn.stock.component_hooks import ComponentHooks
from rasa_randconn.stock.training_message import TrainingMessage

#: What a model predicts for a message; `None` if the message has no features.
Prediction = Optional[Dict[str, Any]]


class MessageHooks(ComponentHooks):
    """Mixin for `DIETClassifier` and components that derive from it."""

    component_config: Dict[str, Any]

    @classmethod
    def final_config(cls, config: Mapping[str, Any]) -> Dict[str, Any]:
        """Checks a complete configuration and brings it into its final form."""
        raise NotImplementedError

    def complete_features(
        self, messages: List[TrainingMessage], attribute: str
    ) -> None:
        """Checks the features of an attribute to train on, and adds missing ones.

        Args:
            messages: The messages, or one for each label; their features are changed.
            attribute: The texts, or the labels.
        """
        raise NotImplementedError

    @property
    def tags_tokens(self) -> bool:
        """Whether there are entities to learn or to predict."""
        has_entities = self.component_config[ENTITY_RECOGNITION]
        return bool(has_entities and self.tag_specs)

    def predict_message(self, message: Message) -> Prediction:
        """What the model predicts for a message."""
        raise NotImplementedError

    def _check_config_parameters(self) -> None:
        self.component_config = self.final_config(self.component_config)
        super()._check_config_parameters()

    def _extract_labels_precomputed_features(
        self, label_examples: List[Message], attribute: str = INTENT
    ) -> Tuple[List[FeatureArray], List[FeatureArray]]:
        examples = [TrainingMessage.of(message) for message in label_examples]
        self.complete_features(examples, attribute)
        features: Tuple[List[FeatureArray], List[FeatureArray]] = (
            super()._extract_labels_precomputed_features(examples, attribute)
        )
        return features

    def _create_model_data(
        self,
        training_data: List[Message],
        label_id_dict: Optional[Dict[str, int]] = None,
        label_attribute: Optional[str] = None,
        training: bool = True,
    ) -> RasaModelData:
        messages = [
            TrainingMessage.of(message)
            for message in training_data
            # messages without the label are not trained on
            if label_attribute is None or label_attribute in message.data
        ]
        self.complete_features(messages, TEXT)
        if label_attribute is not None:
            self.complete_features(messages, label_attribute)
        return super()._create_model_data(
            messages, label_id_dict, label_attribute, training
        )

    def _predict(self, message: Message) -> Prediction:
        return self.predict_message(message)
