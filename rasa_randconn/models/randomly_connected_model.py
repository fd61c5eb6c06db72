"""What all our models have in common."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple, Union

import numpy as np
import safetensors.numpy
import tensorflow as tf
from rasa.utils.tensorflow.constants import (
    CONNECTION_DENSITY,
    LEARNING_RATE,
    RUN_EAGERLY,
)
from rasa.utils.tensorflow.data_generator import (
    RasaBatchDataGenerator,
    RasaDataGenerator,
)
from rasa.utils.tensorflow.model_data import RasaModelData
from rasa.utils.tensorflow.models import TransformerRasaModel

from rasa_randconn.layers import KINDS, ConnectionSettings, RandomlyConnectedDense
from rasa_randconn.layers.variable_paths import (
    randomly_connected_layers_by_path,
    variables_by_path,
)
from rasa_randconn.models.layer_replacement import replace_randomly_connected_layers
from rasa_randconn.storage import (
    ModelFileError,
    StoredLayer,
    read_weights,
    write_weights,
)
from rasa_randconn.training import FusedAdam, PreparedBatches, train

logger = logging.getLogger(__name__)

CONNECTION_PATTERN = "connection_pattern"
SAVE_OPTIMIZER_STATE = "save_optimizer_state"

_WEIGHTS_SUFFIX = ".weights.safetensors"
_OPTIMIZER_SUFFIX = ".optimizer.safetensors"

# Neither stock's code nor ours branches on tensors in Python; looking for that in the
# source of every function took most of the time before the first step.
_without_conversion: Callable[..., Any] = tf.autograph.experimental.do_not_convert

Batch = Union[Tuple[tf.Tensor, ...], Tuple[np.ndarray, ...]]


class RandomlyConnectedModel(TransformerRasaModel):
    """Mixin that turns a stock model into one with randomly connected layers.

    It exchanges the layers that have a density, builds all variables before the first
    graph is traced, takes one gradient pass per step, and stores only what exists.
    """

    _training: Optional[bool]
    _tf_layers: Dict[str, Any]
    _has_variables = False

    def _prepare_layers(self) -> None:
        """Lets stock create its layers and exchanges those with a density."""
        densities = self.config[CONNECTION_DENSITY]
        connections = ConnectionSettings(
            densities_by_kind(densities),
            self.config[CONNECTION_PATTERN],
            int(self.random_seed),
        )
        # Stock's layers, thrown away below, know no density per kind.
        self.config[CONNECTION_DENSITY] = 1.0
        try:
            super()._prepare_layers()
        finally:
            self.config[CONNECTION_DENSITY] = densities
        self._tf_layers = replace_randomly_connected_layers(
            self._tf_layers, connections
        )

    def build_variables(self, data: RasaModelData) -> None:
        """Creates all variables by tracing the loss once, on the shapes of one example.

        A graph that creates variables has to be traced twice; with this, the graph of
        the training step is traced once. Running the loss eagerly would be cheaper, but
        would miss the variables of branches that the example does not take.

        Args:
            data: Training data; its first example is used.
        """
        example = RasaDataGenerator.prepare_batch(data.first_data_example())
        self._training = True
        tf.function(self.batch_loss, autograph=False).get_concrete_function(
            tuple(tf.convert_to_tensor(array) for array in example)
        )
        self._training = None
        self._has_variables = True
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def compile(self, optimizer: Any = "rmsprop", *args: Any, **kwargs: Any) -> None:
        """Configures the training (arguments as in `tf.keras.Model.compile`).

        Adam, which Rasa's components pass, is exchanged for one that computes the same
        in fewer operations.
        """
        if type(optimizer) is tf.keras.optimizers.Adam:
            optimizer = FusedAdam.from_config(optimizer.get_config())
        super().compile(optimizer, *args, **kwargs)

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Trains the model.

        Args:
            x: Rasa's training data, or anything that `tf.keras.Model.fit` takes; that
                is then left to Keras.
            *args: Arguments of Keras, not together with Rasa's data.
            **kwargs: Those of Keras' that Rasa uses; shuffling is the data's business.

        Returns:
            Metrics of every epoch.
        """
        if not isinstance(x, RasaBatchDataGenerator):
            return super().fit(x, *args, **kwargs)
        if not self._has_variables:
            self.build_variables(x.model_data)
        if kwargs.get("validation_data") is not None:
            kwargs["validation_data"] = PreparedBatches(kwargs["validation_data"])
        kwargs.pop("shuffle", None)
        return train(self, PreparedBatches(x), **kwargs)

    def _update_dense_for_sparse_layers(self, *args: Any, **kwargs: Any) -> None:
        """Lets stock put larger input layers in place, which have to be built anew."""
        super()._update_dense_for_sparse_layers(*args, **kwargs)
        self._has_variables = False

    def test_step(self, batch_in: Batch) -> Dict[str, tf.Tensor]:
        """Measures the loss of a validation batch (as in stock)."""
        return _without_conversion(super().test_step)(batch_in)

    def predict_step(self, batch_in: Batch) -> Dict[str, Any]:
        """Predicts the output of a batch (as in stock)."""
        return _without_conversion(super().predict_step)(batch_in)

    def train_step(self, batch_in: Batch) -> Dict[str, tf.Tensor]:
        """Takes one optimisation step.

        As in stock, a weight is regularised only where its gradient from the prediction
        loss is positive. Unlike in stock, the prediction loss is differentiated once on
        a tape of its own, and sparse gradients are allowed.

        Args:
            batch_in: Arrays of one batch.

        Returns:
            Training metrics by name.
        """
        self._training = True
        variables = self.trainable_variables
        with tf.GradientTape() as tape:
            prediction_loss = self.batch_loss(batch_in)
        gradients = tape.gradient(prediction_loss, variables)

        with tf.GradientTape() as regularization_tape:
            regularization_loss = tf.add_n(self.losses) if self.losses else 0.0
        regularization_gradients = (
            regularization_tape.gradient(regularization_loss, variables)
            if self.losses
            else [None] * len(variables)
        )
        self.total_loss.update_state(prediction_loss + regularization_loss)

        self.optimizer.apply_gradients(
            (_add_regularization(gradient, regularization), variable)
            for gradient, regularization, variable in zip(
                gradients, regularization_gradients, variables
            )
        )
        self._training = None
        return self._get_metric_results()

    def _calculate_entity_loss(
        self,
        inputs: tf.Tensor,
        tag_ids: tf.Tensor,
        mask: tf.Tensor,
        sequence_lengths: tf.Tensor,
        tag_name: str,
        entity_tags: Optional[tf.Tensor] = None,
    ) -> Tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Loss and F1 of the entities, without decoding the best sequence of tags.

        Args:
            inputs: Activations `[batch, length, units]`.
            tag_ids: The right tags `[batch, length, 1]`.
            mask: 1 at real tokens `[batch, length, 1]`.
            sequence_lengths: Numbers of real tokens `[batch]`.
            tag_name: Entity, role or group.
            entity_tags: One-hot entity tags, for roles and groups.

        Returns:
            Loss, F1 of the most probable tags of single tokens, and logits
            `[batch, length, tags]`.
        """
        if entity_tags is not None:
            embedded_tags = self._tf_layers[f"embed.{tag_name}.tags"](entity_tags)
            inputs = tf.concat([inputs, embedded_tags], axis=-1)
        logits = self._tf_layers[f"embed.{tag_name}.logits"](inputs)
        right_tags = tf.cast(tf.squeeze(tag_ids, axis=-1), tf.int32)
        crf = self._tf_layers[f"crf.{tag_name}"]
        loss, tags = crf.loss_and_tags(logits, right_tags, sequence_lengths)
        return loss, crf.f1_score(right_tags, tags, mask), logits

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
        if self.config.get(SAVE_OPTIMIZER_STATE) and self.optimizer is not None:
            path = _with_suffix(model_file_name, _OPTIMIZER_SUFFIX)
            safetensors.numpy.save_file(self._optimizer_state(), str(path))

    def save_weights(
        self, filepath: str, overwrite: bool = True, **kwargs: Any
    ) -> None:
        """Saves the weights that exist and their connections.

        Args:
            filepath: Path whose suffix is replaced by that of our file.
            overwrite: Whether to replace a file that is there already.
            **kwargs: Options of Keras' formats, without meaning here.

        Raises:
            FileExistsError: If the file is there and must not be replaced.
        """
        path = _with_suffix(filepath, _WEIGHTS_SUFFIX)
        if path.exists() and not overwrite:
            raise FileExistsError(f"'{path}' exists already.")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_weights(
            path,
            {name: v.numpy() for name, v in self.variables_by_path().items()},
            {
                name: StoredLayer(layer.connectivity, layer.density)
                for name, layer in self.randomly_connected_layers().items()
            },
        )

    def load_weights(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Restores every weight and every connection of a saved model.

        Args:
            filepath: The path that was given to `save_weights`.
            *args: Options of Keras' formats, without meaning here.
            **kwargs: The same.

        Raises:
            ModelFileError: If the file does not hold exactly this model's weights.
        """
        path = _with_suffix(filepath, _WEIGHTS_SUFFIX)
        stored_variables, stored_layers = read_weights(path)
        variables, layers = self.variables_by_path(), self.randomly_connected_layers()
        _require_same_names("variables", variables, stored_variables, path)
        _require_same_names("layers", layers, stored_layers, path)
        try:
            for name, layer in layers.items():
                layer.restore_connectivity(stored_layers[name].connectivity)
            for name, variable in variables.items():
                variable.assign(stored_variables[name])
        except ValueError as error:
            raise ModelFileError(
                f"'{path.name}' does not fit the model '{self.name}': {error}"
            ) from error

    def variables_by_path(self) -> Dict[str, tf.Variable]:
        """All variables that make up the model, by their paths in it."""
        return variables_by_path(self._tf_layers)

    def randomly_connected_layers(self) -> Dict[str, RandomlyConnectedDense]:
        """All layers with connections that can be missing, by their paths."""
        return randomly_connected_layers_by_path(self._tf_layers)

    @classmethod
    def load(
        cls,
        model_file_name: str,
        model_data_example: RasaModelData,
        predict_data_example: Optional[RasaModelData] = None,
        finetune_mode: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> RandomlyConnectedModel:
        """Loads a model; it is not trained on an example first as in stock.

        Args:
            model_file_name: The path that was given to `save`.
            model_data_example: One training example, to create variables with.
            predict_data_example: One example to trace the prediction with.
            finetune_mode: Whether training goes on afterwards.
            *args: Arguments of the model.
            **kwargs: Arguments of the model.

        Returns:
            The model with all weights restored.

        Raises:
            ModelFileError: If the file does not hold exactly this model's weights.
        """
        model = cls(*args, **kwargs)
        config = kwargs.get("config", {})
        model.compile(
            optimizer=tf.keras.optimizers.Adam(config.get(LEARNING_RATE, 0.001)),
            run_eagerly=config.get(RUN_EAGERLY),
        )
        model.build_variables(model_data_example)
        model.load_weights(model_file_name)
        if finetune_mode:
            model._restore_optimizer_state(model_file_name)
        elif predict_data_example:
            model.run_inference(predict_data_example)
        return model

    def _optimizer_state(self) -> Dict[str, np.ndarray]:
        return {
            f"{i:04d}/{variable.name}": np.asarray(variable.numpy())
            for i, variable in enumerate(self.optimizer.variables)
        }

    def _restore_optimizer_state(self, model_file_name: str) -> None:
        path = _with_suffix(model_file_name, _OPTIMIZER_SUFFIX)
        if not path.is_file():
            return
        stored = safetensors.numpy.load_file(str(path))
        values = [stored[name] for name in sorted(stored)]
        variables = list(self.optimizer.variables)
        if [v.shape.as_list() for v in variables] != [list(a.shape) for a in values]:
            raise ModelFileError(f"'{path.name}' does not fit the model '{self.name}'.")
        for variable, value in zip(variables, values):
            variable.assign(value)


def densities_by_kind(densities: Union[float, Dict[str, float]]) -> Dict[str, float]:
    """Density of every kind of layer.

    Args:
        densities: The option `connection_density`, a number or a mapping of all kinds.

    Returns:
        A mapping with all of `KINDS`.
    """
    if isinstance(densities, (int, float)):
        return {kind: float(densities) for kind in KINDS}
    return {kind: float(densities[kind]) for kind in KINDS}


def _add_regularization(
    gradient: Optional[tf.Tensor], regularization: Optional[tf.Tensor]
) -> Optional[tf.Tensor]:
    if gradient is None or regularization is None:
        return gradient
    gradient = tf.convert_to_tensor(gradient)
    # the gradient of a rectifier passes on what it gets where its input is positive
    return gradient + tf.raw_ops.ReluGrad(
        gradients=regularization, features=gradient
    )


def _with_suffix(model_file_name: Any, suffix: str) -> Path:
    return Path(str(model_file_name)).with_suffix(suffix)


def _require_same_names(what: str, model: Any, stored: Any, path: Path) -> None:
    if set(model) == set(stored):
        return
    missing = sorted(set(model) - set(stored))
    unknown = sorted(set(stored) - set(model))
    raise ModelFileError(
        f"'{path.name}' does not hold the {what} of this model: "
        f"missing {missing or 'none'}, unknown {unknown or 'none'}."
    )
