"""What all our models have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np
import safetensors.numpy
import tensorflow as tf
from rasa.utils.tensorflow.constants import (
    CONNECTION_DENSITY,
    LEARNING_RATE,
    RUN_EAGERLY,
)
from rasa.utils.tensorflow.data_generator import RasaBatchDataGenerator
from rasa.utils.tensorflow.feature_array import FeatureArray
from rasa.utils.tensorflow.model_data import RasaModelData
from rasa.utils.tensorflow.models import TransformerRasaModel

from rasa_randconn.autodiff import Parameters, StoredLayer
from rasa_randconn.batches.model_data import StackedFeatures
from rasa_randconn.connections import ConnectionSettings, densities_by_kind
from rasa_randconn.models.layer_factory import LayerFactory
from rasa_randconn.models.network import Network
from rasa_randconn.nn.features import Batch
from rasa_randconn.options import (
    AVERAGED_EPOCHS,
    CONNECTION_PATTERN,
    SAVE_HALF_PRECISION,
    SAVE_OPTIMIZER_STATE,
    SCALE_LEARNING_RATE,
)
from rasa_randconn.stock.batch_generator import PreparedBatches
from rasa_randconn.stock.plan_reader import PlanReader
from rasa_randconn.storage import ModelFileError, read_weights, write_weights
from rasa_randconn.storage.format import WEIGHTS_SUFFIX
from rasa_randconn.training.adam import Adam
from rasa_randconn.training.trainer import Trainer

_OPTIMIZER_SUFFIX = ".optimizer.safetensors"

# So many examples are predicted at once.
_LARGEST_BATCH = 256

# Random numbers of training are others than those of weights and connections.
_TRAINING = 1

FeatureSizes = Mapping[str, Mapping[str, List[int]]]


class WeightsOfLayer(NamedTuple):
    """What Keras' callbacks ask of a layer.

    Attributes:
        weights: All its weights.
    """

    weights: List[tf.Variable]


# Attributes in which Keras shall not look for variables.
_OWN_ATTRIBUTES = frozenset(
    {
        "_network",
        "_factory",
        "_adam",
        "_optimizer_state",
        "_prepared",
        "_learning_rate",
        "_grown_arrays",
        "label_data",
    }
)


class RandomlyConnectedModel(TransformerRasaModel):
    """Mixin that lets a stock model plan, and a network of ours compute.

    Stock's model checks its data and plans its layers, which are never built. The
    network is made after that plan when it is first needed.
    """

    _tf_layers: Dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Plans the layers (arguments as in stock)."""
        self._network: Optional[Network] = None
        self._factory: Optional[LayerFactory] = None
        self._adam: Optional[Adam] = None
        self._optimizer_state: Dict[str, np.ndarray] = {}
        self._prepared: Any = None
        self._learning_rate = 0.001
        self._grown_arrays: Dict[str, np.ndarray] = {}
        # the only model data among stock's arguments
        self.label_data: RasaModelData = next(
            argument
            for argument in (*args, *kwargs.values())
            if isinstance(argument, RasaModelData)
        )
        super().__init__(*args, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        """Sets an attribute, past Keras for our own ones."""
        if name in _OWN_ATTRIBUTES:
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def _prepare_layers(self) -> None:
        """Lets stock plan its layers, which know no density per kind."""
        densities = self.config[CONNECTION_DENSITY]
        self.config[CONNECTION_DENSITY] = 1.0
        try:
            super()._prepare_layers()
        finally:
            self.config[CONNECTION_DENSITY] = densities

    def make_network(self, factory: LayerFactory, parameters: Parameters) -> Network:
        """Makes the network after the plan.

        Args:
            factory: Makes layers after the example of stock's.
            parameters: Gets the weights.
        """
        raise NotImplementedError

    @property
    def network(self) -> Network:
        """The network, with initial weights if it was neither trained nor loaded."""
        if self._network is None:
            self._build()
        assert self._network is not None
        return self._network

    @property
    def parameters(self) -> Parameters:
        """All weights."""
        return self.network.parameters

    @property
    def layers(self) -> List[WeightsOfLayer]:
        """Copies of all weights, as Keras' callbacks look for them for histograms."""
        if self._network is None:
            return []
        if self._adam is not None:
            self._adam.flush()
        return [
            WeightsOfLayer([tf.Variable(p.array, name=p.path) for p in self.parameters])
        ]

    def compile(self, optimizer: Any = "rmsprop", *args: Any, **kwargs: Any) -> None:
        """Takes the learning rate (arguments as in `tf.keras.Model.compile`)."""
        super().compile(optimizer, *args, **kwargs)
        self._learning_rate = float(self.optimizer.learning_rate)

    def fit(
        self,
        x: RasaBatchDataGenerator,
        epochs: int = 1,
        validation_data: Optional[RasaBatchDataGenerator] = None,
        validation_freq: int = 1,
        callbacks: Any = None,
        verbose: Any = False,
        shuffle: bool = False,
    ) -> tf.keras.callbacks.History:
        """Trains the model.

        Args:
            x: Rasa's training data.
            epochs: Number of passes over it.
            validation_data: Data to measure the metrics on.
            validation_freq: Number of epochs from one validation to the next.
            callbacks: Are told what happens, as in Keras.
            verbose: Whether to show Keras' own progress bar.
            shuffle: Without meaning: shuffling is the data's business.

        Returns:
            Metrics of every epoch.
        """
        network = self.network
        self._prepared = None
        self._adam = Adam(
            network.parameters,
            self._learning_rate,
            self.config.get(SCALE_LEARNING_RATE, False),
        )
        if self._optimizer_state:
            self._adam.restore(self._optimizer_state)
        seed = (int(self.random_seed) % 2**32, _TRAINING)
        trainer = Trainer(
            network,
            self._adam,
            np.random.default_rng(seed),
            self.metrics_to_log,
            self.config.get(AVERAGED_EPOCHS, 0.0),
        )
        history = trainer.train(
            self,
            PreparedBatches(x),
            epochs=epochs,
            callbacks=callbacks,
            validation_data=validation_data and PreparedBatches(validation_data),
            validation_freq=validation_freq,
            verbose=verbose,
        )
        if self.config.get(SAVE_HALF_PRECISION):
            # what follows, such as a policy's thresholds, must fit the stored weights
            self._adam.flush()
            for parameter in network.parameters:
                parameter.array[...] = parameter.array.astype(np.float16)
        return history

    def run_inference(
        self,
        model_data: Union[RasaModelData, Batch],
        batch_size: Union[int, List[int]] = 1,
        output_keys_expected: Optional[List[str]] = None,
    ) -> Dict[str, Any]:
        """Predicts all examples, many at once.

        Args:
            model_data: Features without labels, as Rasa or as the network takes them.
            batch_size: Without meaning.
            output_keys_expected: The results that are wanted; all if `None`.

        Returns:
            What stock's model would return.
        """
        if not isinstance(model_data, RasaModelData):
            return _chosen(self.predict_batch(model_data), output_keys_expected)
        features = StackedFeatures(model_data.data)
        count = model_data.number_of_examples()
        if count <= _LARGEST_BATCH:
            return _chosen(
                self.predict_batch(features.everything()), output_keys_expected
            )
        outputs: Dict[str, Any] = {}
        for start in range(0, count, _LARGEST_BATCH):
            examples = np.arange(start, min(start + _LARGEST_BATCH, count))
            predicted = self.predict_batch(features.batch(examples))
            outputs = self._merge_batch_outputs(
                outputs, _chosen(predicted, output_keys_expected)
            )
        return outputs

    def predict_batch(self, batch: Batch) -> Dict[str, Any]:
        """Predicts a batch, with the keys and shapes of stock's `batch_predict`."""
        network = self.network
        if self._prepared is None:
            self._prepared = network.prepare_for_prediction()
        return network.predict(batch, self._prepared)

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
        if self.config.get(SAVE_OPTIMIZER_STATE) and self._adam is not None:
            path = _with_suffix(model_file_name, _OPTIMIZER_SUFFIX)
            safetensors.numpy.save_file(self._adam.state(), str(path))

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
        path = _with_suffix(filepath, WEIGHTS_SUFFIX)
        if path.exists() and not overwrite:
            raise FileExistsError(f"'{path}' exists already.")
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._adam is not None:
            self._adam.flush()
        precision = np.float16 if self.config.get(SAVE_HALF_PRECISION) else np.float32
        write_weights(
            path,
            {p.path: p.array.astype(precision) for p in self.parameters},
            self.parameters.layers,
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
        path = _with_suffix(filepath, WEIGHTS_SUFFIX)
        stored, stored_layers = read_weights(path)
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
    ) -> RandomlyConnectedModel:
        """Loads a model; nothing is trained for that, unlike in stock.

        Args:
            model_file_name: The path that was given to `save`.
            model_data_example: One training example, without meaning here.
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
        model = cls(*args, **kwargs)
        model.load_weights(model_file_name)
        if finetune_mode:
            config = kwargs.get("config", {})
            model.compile(
                optimizer=tf.keras.optimizers.Adam(config.get(LEARNING_RATE, 0.001)),
                run_eagerly=config.get(RUN_EAGERLY),
            )
            model._read_optimizer_state(model_file_name)
        elif predict_data_example:
            model.run_inference(predict_data_example)
        return model

    def _build(
        self,
        stored: Optional[Dict[str, np.ndarray]] = None,
        stored_layers: Optional[Mapping[str, StoredLayer]] = None,
    ) -> None:
        """Makes the network, with weights drawn anew or stored ones."""
        connections = ConnectionSettings(
            densities_by_kind(self.config[CONNECTION_DENSITY]),
            self.config[CONNECTION_PATTERN],
            int(self.random_seed),
        )
        parameters = Parameters(connections, stored, stored_layers)
        factory = LayerFactory(PlanReader(self._tf_layers), parameters)
        network = self.make_network(factory, parameters)
        parameters.require_nothing_left()
        self._factory, self._network, self._prepared = factory, network, None

    def _update_dense_for_sparse_layers(
        self, new_sizes: FeatureSizes, old_sizes: FeatureSizes
    ) -> None:
        """Makes room for features that finetuning has brought (as in stock).

        Args:
            new_sizes: Sizes of the features of every attribute and kind.
            old_sizes: What they were before.
        """
        assert self._factory is not None
        arrays = self.parameters.arrays()
        random = np.random.default_rng(int(self.random_seed) % 2**32)
        for path, (attribute, kind) in self._factory.sparse_kernels.items():
            if kind not in new_sizes.get(attribute, {}):
                continue
            sizes = old_sizes[attribute][kind], new_sizes[attribute][kind]
            kernel = arrays[path]
            mean, deviation = float(kernel.mean()), float(kernel.std())
            arrays[path] = _grown(kernel, *sizes, (mean, deviation), random)
            for name, state in self._optimizer_state.items():
                if name.split("/", 1)[-1] == path:
                    self._optimizer_state[name] = _grown(
                        state, *sizes, (0.0, 0.0), random
                    )
        self._grown_arrays = arrays

    def _compile_and_fit(
        self, data_example: Dict[str, Dict[str, List[FeatureArray]]]
    ) -> None:
        """Makes the network anew for the larger features.

        Args:
            data_example: One training example with the new features.
        """
        layers = self.parameters.layers
        self._update_data_signatures(RasaModelData(data=data_example))
        self._build(self._grown_arrays, layers)

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


def _grown(
    array: np.ndarray,
    old_sizes: List[int],
    new_sizes: List[int],
    distribution: Tuple[float, float],
    random: np.random.Generator,
) -> np.ndarray:
    """Adds normally distributed rows behind those of every feature."""
    parts, start = [], 0
    for old, new in zip(old_sizes, new_sizes):
        added = random.normal(*distribution, size=(new - old, array.shape[1]))
        parts += [array[start : start + old], added.astype(np.float32)]
        start += old
    return np.concatenate(parts)


def _chosen(outputs: Dict[str, Any], keys: Optional[List[str]]) -> Dict[str, Any]:
    return {k: v for k, v in outputs.items() if not keys or k in keys}


def _with_suffix(model_file_name: Any, suffix: str) -> Path:
    return Path(str(model_file_name)).with_suffix(suffix)
