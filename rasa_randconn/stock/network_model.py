"""A model that answers Rasa's calls and delegates all computation to our network."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Union

import numpy as np
import tensorflow as tf
from rasa.shared.exceptions import RasaException
from rasa.utils.tensorflow.data_generator import RasaBatchDataGenerator
from rasa.utils.tensorflow.model_data import RasaModelData
from rasa.utils.tensorflow.models import TransformerRasaModel

from rasa_randconn.autodiff import Parameters, StoredLayer
from rasa_randconn.batches.batch import Batch
from rasa_randconn.batches.model_data import StackedFeatures
from rasa_randconn.connections import ConnectionSettings, densities_by_kind
from rasa_randconn.models.layer_factory import LayerFactory
from rasa_randconn.models.network import Network
from rasa_randconn.nn.crf import TagError
from rasa_randconn.nn.features import WidthError
from rasa_randconn.options import (
    AVERAGED_EPOCHS,
    CONNECTION_DENSITY,
    CONNECTION_PATTERN,
    SAVE_HALF_PRECISION,
    SCALE_LEARNING_RATE,
)
from rasa_randconn.stock.batch_generator import PreparedBatches
from rasa_randconn.stock.plan_reader import PlanReader
from rasa_randconn.training.adam import Adam
from rasa_randconn.training.trainer import DivergedError, Trainer

_OPTIMIZER_SUFFIX = ".optimizer.safetensors"

# So many examples are predicted at once.
_LARGEST_BATCH = 256

# Training uses another stream of random numbers than weights and connections.
_TRAINING = 1

FeatureSizes = Mapping[str, Mapping[str, List[int]]]


class TrainingError(RasaException):
    """A training cannot go on, or its result cannot be saved."""


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
        # Keras would replace the dictionaries in it by wrappers of its own
        "config",
    }
)


class NetworkModel(TransformerRasaModel):
    """Mixin for Rasa's models: they plan, and a network of ours computes.

    Rasa's model checks its data and creates its layers, which are never built. They are
    the plan from which the network is built when it is first needed.

    Attributes:
        component_name: The component that has the model, for messages.
    """

    component_name: str
    _tf_layers: Dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Plans the layers (arguments as in stock)."""
        self._network: Optional[Network] = None
        self._factory: Optional[LayerFactory] = None
        self._adam: Optional[Adam] = None
        self._optimizer_state: Dict[str, np.ndarray] = {}
        self._prepared: Any = None
        self._learning_rate = 0.001
        # weights that finetuning has made room in, by path
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

    def _set_random_seed(self) -> None:
        """Leaves the random numbers of the process alone, unlike stock.

        The network, its training and its batches have generators of their own, so that
        no component that is loaded meanwhile can change what is trained.
        """

    def _prepare_layers(self) -> None:
        """Lets stock plan its layers, which do not support a density per layer kind."""
        key = CONNECTION_DENSITY.name
        densities = self.config[key]
        self.config[key] = 1.0
        try:
            super()._prepare_layers()
        finally:
            self.config[key] = densities

    def make_network(self, factory: LayerFactory, parameters: Parameters) -> Network:
        """Builds the network from the plan.

        Args:
            factory: Builds the layers of the plan.
            parameters: Output: the weights are added.
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

    @property
    def train_counter(self) -> tf.Variable:
        """Number of steps of this training, as Keras' callbacks read it."""
        return self._train_counter

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
            shuffle: Ignored: the data shuffles itself.

        Returns:
            Metrics of every epoch.

        Raises:
            TrainingError: If the network cannot be built or trained on the data.
        """
        try:
            network = self.network
        except ValueError as error:
            raise TrainingError(
                f"'{self.component_name}' cannot be built for these data: {error}"
            ) from error
        self._prepared = None
        self._adam = Adam(
            network.parameters,
            self._learning_rate,
            SCALE_LEARNING_RATE.value_in(self.config),
        )
        if self._optimizer_state:
            self._adam.restore(self._optimizer_state)
        seed = (int(self.random_seed) % 2**32, _TRAINING)
        shuffling = np.random.RandomState(seed[0])
        # the order in which Rasa makes both, and Keras starts them
        validation = None
        if validation_data is not None:
            validation = PreparedBatches(validation_data, shuffling)
        batches = PreparedBatches(x, shuffling)
        batches.shuffle_anew()
        if validation is not None:
            validation.shuffle_anew()
        trainer = Trainer(
            network,
            self._adam,
            np.random.default_rng(seed),
            self.metrics_to_log,
            AVERAGED_EPOCHS.value_in(self.config),
        )
        try:
            history = trainer.train(
                self,
                batches,
                epochs=epochs,
                callbacks=callbacks,
                validation_data=validation,
                # so that there is a best epoch for checkpoints
                validation_freq=min(validation_freq, epochs),
                verbose=verbose,
            )
        except (WidthError, TagError) as error:
            raise TrainingError(
                f"'{self.component_name}' cannot be trained on these data: {error} "
                f"If it was to be finetuned, please train it from scratch."
            ) from error
        except DivergedError as error:
            raise TrainingError(
                f"The training of '{self.component_name}' failed: {error}. Most likely "
                f"'learning_rate: {self._learning_rate:g}' is too high."
            ) from None
        if SAVE_HALF_PRECISION.value_in(self.config):
            # what follows, such as a policy's thresholds, must fit the stored weights
            self._adam.flush()
            self.round_to_half_precision()
        return history

    def round_to_half_precision(self) -> None:
        """Rounds all weights to 16 bits.

        Raises:
            TrainingError: If a weight is too large for that.
        """
        for parameter in self.parameters:
            with np.errstate(over="ignore"):
                rounded = parameter.array.astype(np.float16)
            if not np.isfinite(rounded).all():
                raise TrainingError(
                    f"The weights '{parameter.path}' of '{self.component_name}' are "
                    f"too large for 16 bits. Set '{SAVE_HALF_PRECISION.name}: false'."
                )
            parameter.array[...] = rounded

    def run_inference(
        self,
        model_data: Union[RasaModelData, Batch],
        batch_size: Union[int, List[int]] = 1,
        output_keys_expected: Optional[List[str]] = None,
    ) -> Dict[str, Any]:
        """Predicts all examples, many at once.

        Args:
            model_data: Features without labels, as Rasa or as the network takes them.
            batch_size: Ignored.
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

    def _build(
        self,
        stored: Optional[Dict[str, np.ndarray]] = None,
        stored_layers: Optional[Mapping[str, StoredLayer]] = None,
    ) -> None:
        """Makes the network, with random or stored weights."""
        connections = ConnectionSettings(
            densities_by_kind(CONNECTION_DENSITY.value_in(self.config)),
            CONNECTION_PATTERN.value_in(self.config),
            int(self.random_seed),
        )
        parameters = Parameters(connections, stored, stored_layers)
        factory = LayerFactory(PlanReader(self._tf_layers), parameters)
        network = self.make_network(factory, parameters)
        parameters.require_nothing_left()
        self._factory, self._network, self._prepared = factory, network, None


def _chosen(outputs: Dict[str, Any], keys: Optional[List[str]]) -> Dict[str, Any]:
    return {k: v for k, v in outputs.items() if not keys or k in keys}
