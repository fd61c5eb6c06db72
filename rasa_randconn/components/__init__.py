"""Graph components: what a bot's configuration names."""

from rasa_randconn.components.diet_classifier import RandConnDIETClassifier
from rasa_randconn.components.registration import register_with_rasa
from rasa_randconn.components.ted_policy import RandConnTEDPolicy

register_with_rasa(
    entity_extractors=[RandConnDIETClassifier],
    configurable=[RandConnDIETClassifier, RandConnTEDPolicy],
)

__all__ = ["RandConnDIETClassifier", "RandConnTEDPolicy"]
