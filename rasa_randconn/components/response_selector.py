"""`RandConnResponseSelector`, a response selector with randomly connected layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Type

import rasa.shared.utils.io
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.selectors.response_selector import ResponseSelector
from rasa.utils.tensorflow.constants import INTENT_CLASSIFICATION

from rasa_randconn.components.message_component import MessageComponent
from rasa_randconn.components.saved_parts import check_responses
from rasa_randconn.stock.diet_model import (
    RandConnDIET,
    RandConnDIET2BOW,
    RandConnDIET2DIET,
)


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True
)
class RandConnResponseSelector(MessageComponent, ResponseSelector):
    """Selects responses like Rasa's `ResponseSelector`.

    All options of `ResponseSelector` keep their meaning. Its hidden layers are dense by
    default, as in stock.
    """

    @staticmethod
    def model_class(
        use_text_as_label: bool = False,
    ) -> Type[RandConnDIET]:
        """The model that is trained (see `ResponseSelector.model_class`)."""
        return RandConnDIET2DIET if use_text_as_label else RandConnDIET2BOW

    @classmethod
    def load_files(
        cls, folder: Path, config: Dict[str, Any], *args: Any
    ) -> RandConnResponseSelector:
        """Loads the files that Rasa's component has written (see base class)."""
        # stock trains with this, whatever is configured, but loads what is configured
        config = {**config, INTENT_CLASSIFICATION: True}
        selector = super().load_files(folder, config, *args)
        selector.responses = rasa.shared.utils.io.read_json_file(
            folder / f"{cls.__name__}.responses.json"
        )
        selector.all_retrieval_intents = rasa.shared.utils.io.read_json_file(
            folder / f"{cls.__name__}.retrieval_intents.json"
        )
        return selector

    def check_saved_parts(self) -> None:
        """Checks what was loaded beside the model (see base class)."""
        super().check_saved_parts()
        check_responses(self.responses, self.all_retrieval_intents)
