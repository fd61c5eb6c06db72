"""Files of a model: weights with their connections, and the optimiser's state."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping, Optional

import numpy as np
import safetensors.numpy
import tensorflow as tf
from rasa.utils.tensorflow.constants import (
    EPOCHS,
    LEARNING_RATE,
    NUM_TRANSFORMER_LAYERS,
    RUN_EAGERLY,
)
from rasa.utils.tensorflow.model_data import RasaModelData

from rasa_randconn.autodiff import StoredLayer
from rasa_randconn.options import SAVE_HALF_PRECISION, SAVE_OPTIMIZER_STATE
from rasa_randconn.stock.network_model import NetworkModel
from rasa_randconn.storage import ModelFileError, read_weights, write_weights
from rasa_randconn.storage.format import WEIGHTS_SUFFIX
from rasa_randconn.training.adam import Adam

_OPTIMIZER_SUFFIX = ".optimizer.safetensors"

# An encoder that is not used may be configured with more layers than the file has.
_MOST_UNUSED_LAYERS = 100


class StoredModel(NetworkModel):
    """A model that is saved and loaded as exactly the weights that exist."""

    def save(self, model_file_name: str, overwrite: bool = True) -> None:
        """Saves the weights that exist and their connections.

        The optimiser's state goes to a second file if `save_optimizer_state` is set.

        Args:
            model_file_name: Path whose suffix is replaced by those of our files.
            overwrite: Whether to replace files that are there already.

        Raises:
            FileExistsError: If a file is there and must not be replaced.
        """
        self.save_weights(model_file_name, overwrite=overwrite)
        if SAVE_OPTIMIZER_STATE.value_in(self.config) and self._adam is not None:
            path = _with_suffix(model_file_name, _OPTIMIZER_SUFFIX)
            safetensors.numpy.save_file(self._adam.state(), str(path))

    def save_weights(
        self, filepath: str, overwrite: bool = True, **kwargs: Any
    ) -> None:
        """Saves the weights that exist and their connections.

        Args:
            filepath: Path whose suffix is replaced by that of our file.
            overwrite: Whether to replace a file that is there already.
            **kwargs: Options of Keras' formats, which are ignored.

        Raises:
            FileExistsError: If the file is there and must not be replaced.
        """
        path = _with_suffix(filepath, WEIGHTS_SUFFIX)
        if path.exists() and not overwrite:
            raise FileExistsError(f"'{path}' exists already.")
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._adam is not None:
            self._adam.flush()
        precision = (
            np.float16 if SAVE_HALF_PRECISION.value_in(self.config) else np.float32
        )
        write_weights(
            path,
            {p.path: p.array.astype(precision) for p in self.parameters},
            self.parameters.layers,
        )

    def load_weights(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Restores every weight and every connection of a saved model.

        Args:
            filepath: The path that was given to `save_weights`.
            *args: Options of Keras' formats, which are ignored.
            **kwargs: Likewise.

        Raises:
            ModelFileError: If the file does not hold exactly this model's weights.
        """
        path = _with_suffix(filepath, WEIGHTS_SUFFIX)
        self._restore(path, *read_weights(path))

    def _restore(
        self,
        path: Path,
        stored: Dict[str, np.ndarray],
        stored_layers: Dict[str, StoredLayer],
    ) -> None:
        try:
            self._build(stored, stored_layers)
        except ValueError as error:
            raise ModelFileError(
                f"'{path.name}' does not fit the model '{self.name}': {error}"
            ) from error

    @classmethod
    def load(
        cls,
        model_file_name: str,
        model_data_example: RasaModelData,
        predict_data_example: Optional[RasaModelData] = None,
        finetune_mode: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> StoredModel:
        """Loads a model; nothing is trained for that, unlike in stock.

        Args:
            model_file_name: The path that was given to `save`.
            model_data_example: One training example, which are ignored.
            predict_data_example: One example to predict, so that no user's message has
                to wait until all kernels are there.
            finetune_mode: Whether training goes on afterwards.
            *args: Arguments of the model.
            **kwargs: Arguments of the model.

        Returns:
            The model with all weights restored.

        Raises:
            ModelFileError: If the file does not hold exactly this model's weights.
        """
        config = kwargs.get("config", {})
        path = _with_suffix(model_file_name, WEIGHTS_SUFFIX)
        stored, stored_layers = read_weights(path)
        # planning more could take forever; those of attributes without texts are not
        # in the file
        if _most_layers(config) > max(len(stored_layers), _MOST_UNUSED_LAYERS):
            raise ModelFileError(
                f"'{path.name}' has fewer layers than '{NUM_TRANSFORMER_LAYERS}' says"
            )
        model = cls(*args, **kwargs)
        try:
            model._restore(path, stored, stored_layers)
        except ModelFileError as error:
            if finetune_mode:
                raise ModelFileError(
                    f"{error}. A model can be finetuned only with the options that it "
                    f"was trained with, but for '{EPOCHS}'."
                ) from error
            raise
        if finetune_mode:
            model.compile(
                optimizer=tf.keras.optimizers.Adam(config.get(LEARNING_RATE, 0.001)),
                run_eagerly=config.get(RUN_EAGERLY),
            )
            model._read_optimizer_state(model_file_name)
        if predict_data_example:
            model.run_inference(predict_data_example)
        return model

    def _read_optimizer_state(self, model_file_name: str) -> None:
        path = _with_suffix(model_file_name, _OPTIMIZER_SUFFIX)
        if not path.is_file():
            return
        self._optimizer_state = safetensors.numpy.load_file(str(path))
        try:
            Adam(self.parameters, self._learning_rate).restore(self._optimizer_state)
        except ValueError as error:
            raise ModelFileError(
                f"'{path.name}' does not fit the model '{self.name}': {error}"
            ) from error


def _most_layers(config: Mapping[str, Any]) -> int:
    """The largest number of layers that a configuration has for an encoder."""
    layers = config.get(NUM_TRANSFORMER_LAYERS, 0)
    return max(layers.values()) if isinstance(layers, Mapping) else layers


def _with_suffix(model_file_name: Any, suffix: str) -> Path:
    return Path(str(model_file_name)).with_suffix(suffix)
