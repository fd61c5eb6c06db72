"""What all our graph components have in common."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Type, TypeVar

from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.exceptions import RasaException

from rasa_randconn.components.errors import ComponentFileError
from rasa_randconn.components.options import checked_config
from rasa_randconn.files import restored_on_error
from rasa_randconn.options import default_options
from rasa_randconn.stock.component_hooks import ComponentHooks
from rasa_randconn.stock.recipe import stock_parent
from rasa_randconn.storage import (
    FORMAT_VERSION,
    ModelFileError,
    read_manifest,
    write_manifest,
)
from rasa_randconn.version import __version__
from rasa_randconn.warmup import compile_in_background

logger = logging.getLogger(__name__)

ComponentT = TypeVar("ComponentT", bound="RandomlyConnectedComponent")


class RandomlyConnectedComponent(ComponentHooks):
    """Mixin for stock components whose model has randomly connected layers.

    It adds our options, writes a manifest of the component's files, and never loads
    anything but exactly what was saved.
    """

    _is_as_loaded = False

    @classmethod
    def get_default_config(cls) -> Dict[str, Any]:
        """Stock's defaults, and those of our own options."""
        stock = stock_parent(cls)
        return {**stock.get_default_config(), **default_options(stock.__name__)}

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """Makes Rasa's cache forget models of other versions of this package."""
        return f"rasa_randconn {__version__}, format {FORMAT_VERSION}"

    @classmethod
    def final_config(cls, config: Mapping[str, Any]) -> Dict[str, Any]:
        """Checks a complete configuration and brings it into its final form."""
        return checked_config(cls, config)

    def persist(self) -> None:
        """Saves the component, with a manifest of its files.

        If that fails, the folder is as it was before. A loaded component has nothing to
        save: its files are there.
        """
        if self._is_as_loaded:
            return
        with self.writable_folder() as folder, restored_on_error(folder):
            super().persist()
            self._write_manifest(folder)

    def write_own_files(self, folder: Path) -> None:
        """Writes what stock's component does not have, beside its files."""

    def check_saved_parts(self) -> None:
        """Checks what was loaded beside the model.

        Raises:
            ValueError: If it does not fit the model. The message is a clause.
        """

    def _write_manifest(self, folder: Path) -> None:
        if self.model is not None:
            self.write_own_files(folder)
        for marker in folder.glob("*.pkl"):
            # stock marks checkpointed models by an empty file of this name
            marker.replace(marker.with_suffix(".marker"))
        write_manifest(folder, type(self).__name__, is_trained=self.model is not None)

    def _write_manifest_if_skipped(self) -> None:
        """Notes down that there is no model, if stock skipped the training.

        A model that the folder holds from an earlier training stays, as in stock.
        """
        if self.model is None:
            with self.writable_folder() as folder:
                if not any(folder.iterdir()):
                    self._write_manifest(folder)

    @classmethod
    def load(
        cls: Type[ComponentT],
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ComponentT:
        """Loads a trained component.

        Only a component whose training was skipped for want of data is loaded without
        a model, as in stock; stock does so after many errors as well.

        Args:
            config: The component's configuration.
            model_storage: Where Rasa keeps the files of components.
            resource: The component's folder in it.
            execution_context: Facts about the current graph run.
            **kwargs: Nothing, so far.

        Returns:
            The component.

        Raises:
            ComponentFileError: If the files are missing, damaged, foreign or too new.
        """
        compile_in_background()
        final_config = cls.final_config(config)
        try:
            with model_storage.read_from(resource) as folder:
                if not read_manifest(folder, cls.__name__).is_trained:
                    return cls(config, model_storage, resource, execution_context)
                return cls._load_checked(
                    folder, final_config, model_storage, resource, execution_context
                )
        except ModelFileError as error:
            raise ComponentFileError(str(error)) from error
        except Exception as error:
            cause = str(error)
            if not isinstance(error, (RasaException, ValueError)):
                cause = f"{type(error).__name__}: {error}"
            raise ComponentFileError(
                f"The model of '{cls.__name__}' in '{resource.name}' cannot be loaded: "
                f"it is missing, damaged, or was changed by another program. Please "
                f"train it again or restore the model file. ({cause})"
            ) from error

    @classmethod
    def _load_checked(
        cls: Type[ComponentT],
        folder: Path,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ComponentT:
        component = cls.load_files(
            folder, config, model_storage, resource, execution_context
        )
        if component.model is None:
            raise ComponentFileError(
                f"The model of '{cls.__name__}' in '{resource.name}' is incomplete."
            )
        component.check_saved_parts()
        component._is_as_loaded = True
        return component
