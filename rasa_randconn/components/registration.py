"""Makes Rasa treat our components like the stock ones they extend.

Rasa decides in a few places by exact class or by name. Each of these places is told
about our components here, once, when they are first imported.
"""

from __future__ import annotations

from typing import List, Sequence, Type

import rasa.nlu.test
import rasa.shared.nlu.constants
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.engine.graph import GraphComponent, SchemaNode
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.nlu.constants import ACTION_TEXT, TEXT
from rasa.utils.tensorflow.constants import LABEL

from rasa_randconn.components.options import (
    check_encoders_of_texts,
    check_user_config,
    warn_of_deprecated_options,
)
from rasa_randconn.stock.recipe import extend_recipe_validator
from rasa_randconn.warmup import compile_in_background


def register_with_rasa(
    entity_extractors: Sequence[Type[GraphComponent]],
    entity_processors: Sequence[Type[GraphComponent]],
    configurable: Sequence[Type[GraphComponent]],
) -> None:
    """Tells Rasa about our components.

    Args:
        entity_extractors: Components whose entities have confidences, for `rasa test`.
        entity_processors: Components that derive from an extractor but find no
            entities, for `rasa test`.
        configurable: Components whose configuration is checked when training starts.
    """
    for extractor in entity_extractors:
        rasa.nlu.test.EXTRACTORS_WITH_CONFIDENCES.add(extractor.__name__)
        rasa.shared.nlu.constants.TRAINABLE_EXTRACTORS.add(extractor.__name__)
    for processor in entity_processors:
        rasa.nlu.test.ENTITY_PROCESSORS.add(processor.__name__)
    extend_recipe_validator(configurable, _check_config, _check_stories)


def _check_config(node: SchemaNode) -> None:
    check_user_config(node.uses, node.config)
    compile_in_background()
    warn_of_deprecated_options(node.uses, node.config)


def _check_stories(node: SchemaNode, story_graph: StoryGraph) -> None:
    # the policy for unlikely intents has no encoders of texts
    if issubclass(node.uses, TEDPolicy) and not issubclass(
        node.uses, UnexpecTEDIntentPolicy
    ):
        attributes = attributes_with_texts(story_graph)
        check_encoders_of_texts(node.uses, node.config, attributes)


def attributes_with_texts(story_graph: StoryGraph) -> List[str]:
    """What stories have texts of, in the place of names.

    Args:
        story_graph: The stories.

    Returns:
        Those attributes of TED's data that have encoders of texts.
    """
    events = [event for step in story_graph.story_steps for event in step.events]
    attributes = []
    if any(
        isinstance(event, UserUttered) and event.text and not event.intent_name
        for event in events
    ):
        attributes.append(TEXT)
    if any(isinstance(event, ActionExecuted) and event.action_text for event in events):
        # those of the labels have an encoder of their own
        attributes += [ACTION_TEXT, f"{LABEL}_{ACTION_TEXT}"]
    return attributes
