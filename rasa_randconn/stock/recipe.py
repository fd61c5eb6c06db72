"""Rasa's default recipe: the classes that it knows, and the check before a training."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, Sequence, Type

from rasa.engine.graph import (
    ExecutionContext,
    GraphComponent,
    GraphSchema,
    SchemaNode,
)
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.graph_components.validators.default_recipe_validator import (
    DefaultV1RecipeValidator,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.utils.common import override_defaults

CheckConfig = Callable[[SchemaNode], None]
CheckStories = Callable[[SchemaNode, StoryGraph], None]


def registered_component(name: str) -> Type[GraphComponent]:
    """Finds the class of a component as Rasa does.

    Args:
        name: A bare class name or a module path.

    Raises:
        InvalidConfigException: If Rasa knows no such component.
    """
    component: Type[GraphComponent] = DefaultV1Recipe._from_registry(name).clazz
    return component


def registered_names() -> List[str]:
    """The names of all components that Rasa knows."""
    import rasa.engine.recipes.default_components  # noqa: F401  (registers Rasa's own)

    return list(DefaultV1Recipe._registered_components)


def complete_config(
    component: Type[GraphComponent], options: Mapping[str, Any]
) -> Dict[str, Any]:
    """Merges options with the defaults of a component, as Rasa does."""
    config: Dict[str, Any] = override_defaults(
        component.get_default_config(), dict(options)
    )
    return config


def create_alone(component: Type[GraphComponent], config: Dict[str, Any]) -> None:
    """Creates a component for nothing but its checks of the configuration.

    Args:
        component: The component.
        config: Its configuration, merged with the defaults.
    """
    with tempfile.TemporaryDirectory() as folder:
        component.create(
            config,
            LocalModelStorage(Path(folder)),
            Resource(component.__name__),
            ExecutionContext(GraphSchema({})),
        )


def stock_parent(component: Type[GraphComponent]) -> Type[GraphComponent]:
    """The component of Rasa's that one of ours stands in for."""
    return next(
        parent for parent in component.__mro__ if parent.__module__.startswith("rasa.")
    )


def extend_recipe_validator(
    components: Sequence[Type[GraphComponent]],
    check_config: CheckConfig,
    check_stories: CheckStories,
) -> None:
    """Lets the validator, the first node of a training, know our components.

    It compares exact classes, so it is shown the stock parent of ours as well; and it
    sees the whole configuration before any component is trained, so ours is checked
    there.

    Args:
        components: Our components.
        check_config: Called with the node of each before a training.
        check_stories: Called with each and the stories, if there are any.
    """
    initialise = DefaultV1RecipeValidator.__init__
    validate_core = DefaultV1RecipeValidator._validate_core

    @functools.wraps(initialise)
    def initialise_and_check(
        self: DefaultV1RecipeValidator, graph_schema: GraphSchema, *args: Any
    ) -> None:
        initialise(self, graph_schema, *args)
        for component in components:
            if component in self._component_types:
                self._component_types.add(stock_parent(component))
        for node in _nodes_of(components, graph_schema):
            check_config(node)

    @functools.wraps(validate_core)
    def check_and_validate_core(
        self: DefaultV1RecipeValidator, story_graph: StoryGraph, domain: Domain
    ) -> None:
        for node in _nodes_of(components, self._graph_schema):
            check_stories(node, story_graph)
        validate_core(self, story_graph, domain)

    DefaultV1RecipeValidator.__init__ = initialise_and_check
    DefaultV1RecipeValidator._validate_core = check_and_validate_core


def _nodes_of(
    components: Iterable[Type[GraphComponent]], graph_schema: GraphSchema
) -> List[SchemaNode]:
    """One node of each configured component; several share its configuration."""
    nodes = [node for node in graph_schema.nodes.values() if node.uses in components]
    return list({id(node.config): node for node in nodes}.values())
