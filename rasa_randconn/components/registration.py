"""Makes Rasa treat our components like the stock ones they extend.

Rasa decides in a few places by exact class or by name. Each of these places is told
about our components here, once, when they are first imported.
"""

from __future__ import annotations

import functools
from typing import Any, Sequence, Type

import rasa.nlu.test
import rasa.shared.nlu.constants
from rasa.engine.graph import GraphComponent, GraphSchema
from rasa.graph_components.validators.default_recipe_validator import (
    DefaultV1RecipeValidator,
)

from rasa_randconn.components.options import (
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

    @functools.wraps(initialise)
    def initialise_and_check(
        self: DefaultV1RecipeValidator, graph_schema: GraphSchema, *args: Any
    ) -> None:
        initialise(self, graph_schema, *args)
        for component in configurable:
            if component in self._component_types:
                self._component_types.add(stock_parent(component))
        checked = set()
        for node in graph_schema.nodes.values():
            is_first = id(node.config) not in checked
            if node.uses in configurable and is_first:
                checked.add(id(node.config))
                check_user_config(node.uses, node.config)
                warn_of_deprecated_options(node.uses, node.config)

    DefaultV1RecipeValidator.__init__ = initialise_and_check


def stock_parent(component: Type[GraphComponent]) -> Type[GraphComponent]:
    """The component of Rasa's that ours stands in for.

    Args:
        component: One of our components.
    """
    return next(
        parent for parent in component.__mro__ if parent.__module__.startswith("rasa.")
    )
