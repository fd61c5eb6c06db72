"""Makes Rasa treat our components like the stock ones they extend.

Rasa decides in a few places by exact class or by name. Each of these places is told
about our components here, once, when they are first imported.
"""

from __future__ import annotations

import functools
from typing import Any, List, Sequence, Type

import rasa.nlu.test
import rasa.shared.nlu.constants
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.engine.graph import GraphComponent, GraphSchema, SchemaNode
from rasa.graph_components.validators.default_recipe_validator import (
    DefaultV1RecipeValidator,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.nlu.constants import ACTION_TEXT, TEXT
from rasa.utils.tensorflow.constants import LABEL

from rasa_randconn.components.options import (
    check_encoders_of_texts,
    check_user_config,
    warn_of_deprecated_options,
)


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
    _extend_recipe_validator(configurable)


def _extend_recipe_validator(configurable: Sequence[Type[GraphComponent]]) -> None:
    """Lets the validator, the first node of a training, know our components.

    It compares exact classes, so it is shown the stock parent of ours as well; and it
    sees the whole configuration before any component is trained, so ours is checked
    there.
    """
    initialise = DefaultV1RecipeValidator.__init__
    validate_core = DefaultV1RecipeValidator._validate_core

    def own_nodes(graph_schema: GraphSchema) -> List[SchemaNode]:
        nodes = [
            node for node in graph_schema.nodes.values() if node.uses in configurable
        ]
        # several nodes share the configuration of a component
        return list({id(node.config): node for node in nodes}.values())

    @functools.wraps(initialise)
    def initialise_and_check(
        self: DefaultV1RecipeValidator, graph_schema: GraphSchema, *args: Any
    ) -> None:
        initialise(self, graph_schema, *args)
        for component in configurable:
            if component in self._component_types:
                self._component_types.add(stock_parent(component))
        for node in own_nodes(graph_schema):
            check_user_config(node.uses, node.config)
            warn_of_deprecated_options(node.uses, node.config)

    @functools.wraps(validate_core)
    def check_and_validate_core(
        self: DefaultV1RecipeValidator, story_graph: StoryGraph, domain: Domain
    ) -> None:
        attributes = attributes_with_texts(story_graph)
        for node in own_nodes(self._graph_schema):
            # the policy for unlikely intents has no encoders of texts
            if issubclass(node.uses, TEDPolicy) and not issubclass(
                node.uses, UnexpecTEDIntentPolicy
            ):
                check_encoders_of_texts(node.uses, node.config, attributes)
        validate_core(self, story_graph, domain)

    DefaultV1RecipeValidator.__init__ = initialise_and_check
    DefaultV1RecipeValidator._validate_core = check_and_validate_core


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


def stock_parent(component: Type[GraphComponent]) -> Type[GraphComponent]:
    """The component of Rasa's that ours stands in for.

    Args:
        component: One of our components.
    """
    return next(
        parent for parent in component.__mro__ if parent.__module__.startswith("rasa.")
    )
