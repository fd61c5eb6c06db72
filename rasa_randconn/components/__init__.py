"""Graph components: what a bot's configuration names."""

from typing import Any

from rasa_randconn.component_names import unknown_name_error
from rasa_randconn.components.diet_classifier import RandConnDIETClassifier
from rasa_randconn.components.registration import register_with_rasa
from rasa_randconn.components.response_selector import RandConnResponseSelector
from rasa_randconn.components.ted_policy import RandConnTEDPolicy
from rasa_randconn.components.unexpected_intent_policy import (
    RandConnUnexpecTEDIntentPolicy,
)

register_with_rasa(
    entity_extractors=[RandConnDIETClassifier],
    entity_processors=[RandConnResponseSelector],
    configurable=[
        RandConnDIETClassifier,
        RandConnResponseSelector,
        RandConnTEDPolicy,
        RandConnUnexpecTEDIntentPolicy,
    ],
)

__all__ = [
    "RandConnDIETClassifier",
    "RandConnResponseSelector",
    "RandConnTEDPolicy",
    "RandConnUnexpecTEDIntentPolicy",
]


def __getattr__(name: str) -> Any:
    """Answers a class that is not here with the one that is meant (PEP 562)."""
    raise unknown_name_error(name)
