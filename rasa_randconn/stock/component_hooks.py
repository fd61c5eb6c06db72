"""Public names for what every component of Rasa keeps private."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ContextManager, Dict, List, Optional, Type, TypeVar

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage

HooksT = TypeVar("HooksT", bound="ComponentHooks")


class ComponentHooks(GraphComponent):
    """Mixin for components that derive from one of Rasa's.

    Attributes:
        model: The model, if there is one.
    """

    _model_storage: ModelStorage
    _resource: Resource
    model: Optional[Any]
    _entity_tag_specs: Optional[List[Any]]

    @property
    def tag_specs(self) -> Optional[List[Any]]:
        """Rasa's `EntityTagSpec`s: the tags of entities, roles and groups."""
        return self._entity_tag_specs

    def writable_folder(self) -> ContextManager[Path]:
        """The component's folder in the model storage, to write to."""
        return self._model_storage.write_to(self._resource)

    @classmethod
    def load_files(
        cls: Type[HooksT],
        folder: Path,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> HooksT:
        """Loads the files that Rasa's component has written.

        Args:
            folder: Folder of the files.
            config: The component's complete configuration.
            model_storage: Where Rasa keeps the files of components.
            resource: The component's folder in it.
            execution_context: Facts about the current graph run.

        Returns:
            The component, without a model if files are missing.
        """
        component: HooksT = cls._load(
            folder, config, model_storage, resource, execution_context
        )
        return component
