"""Graph components: what a bot's configuration names."""

from typing import Any

from rasa_randconn.component_names import (
    is_rasa_asking,
    unknown_attribute,
    unknown_component,
)
from rasa_randconn.components.diet_classifier import RandConnDIETClassifier
from rasa_randconn.components.registration import register_with_rasa
from rasa_randconn.components.response_selector import RandConnResponseSelector
from rasa_randconn.components.ted_policy import RandConnTEDPolicy
from rasa_randconn.components.unexpected_intent_policy import (
    RandConnUnexpecTEDIntentPolicy,
)
from rasa_randconn.stock.unknown_component import UnknownComponentError

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
    if is_rasa_asking():
        raise UnknownComponentError(unknown_component(f"rasa_randconn.{name}"))
    raise unknown_attribute(__name__, name)
