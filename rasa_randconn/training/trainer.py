"""The training loop: prepared batches, one pass forward and one back, one update."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional, Protocol, Sequence

import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

from rasa_randconn.autodiff import Parameters, Tape
from rasa_randconn.batches.batch import Batch
from rasa_randconn.nn.metrics import Metrics
from rasa_randconn.training.adam import Adam
from rasa_randconn.training.averaging import WeightAverage

TOTAL_LOSS = "t_loss"

# Batches of training data that last and averaged weights are compared on.
_COMPARED_BATCHES = 16

# How much less accuracy and F1 averaged weights may have: of data known by heart, one
# example in a thousand tells nothing about others, and F1 counts only the few tokens of
# entities.
_MOST_LACKING = {"acc": 0.001, "f1": 0.01}


class DivergedError(Exception):
    """A loss or a weight is not finite any more; the message is a clause."""


class Batches(Protocol):
    """The batches of an epoch."""

    def __len__(self) -> int:
        """Number of batches in the current epoch."""

    def __getitem__(self, index: int) -> Batch:
        """The batch at a position of the current epoch."""

    def on_epoch_end(self) -> None:
        """Prepares the next epoch."""


class Trainable(Protocol):
    """What is trained: weights, and a loss that depends on them."""

    parameters: Parameters
    accuracy_metrics: List[str]

    def loss(self, tape: Tape, batch: Batch, metrics: Metrics) -> float:
        """The loss of a batch, whose gradients the tape takes back to the weights."""


class Trainer:
    """Trains a network as `tf.keras.Model.fit` would train a model."""

    def __init__(
        self,
        network: Trainable,
        optimizer: Adam,
        random: np.random.Generator,
        metric_names: Sequence[str],
        averaged_epochs: float = 0.0,
    ) -> None:
        """Takes what is trained, and how.

        Args:
            network: What is trained.
            optimizer: Updates its weights.
            random: Where the random numbers of dropout, masks and negatives come from.
            metric_names: The metrics that callbacks are told, in their order.
            averaged_epochs: Fraction of final epochs whose weights are averaged; 0
                keeps the weights of the last step.
        """
        self._network = network
        self._optimizer = optimizer
        self._random = random
        self._metric_names = metric_names
        self._averaged_epochs = averaged_epochs

    def train(
        self,
        model: tf.keras.Model,
        batches: Batches,
        epochs: int = 1,
        callbacks: Optional[Sequence[tf.keras.callbacks.Callback]] = None,
        validation_data: Optional[Batches] = None,
        validation_freq: int = 1,
        verbose: Any = False,
    ) -> tf.keras.callbacks.History:
        """Trains for some epochs.

        Args:
            model: The model that callbacks belong to.
            batches: Training data.
            epochs: Number of passes over the data.
            callbacks: Are told what happens, as in Keras.
            validation_data: Data to measure the metrics on.
            validation_freq: Number of epochs from one validation to the next.
            verbose: Whether to show Keras' own progress bar.

        Returns:
            Metrics of every epoch.

        Raises:
            ValueError: If there is no batch to train on.
            DivergedError: If a loss or a weight is not finite.
        """
        if not len(batches):
            raise ValueError("There is no batch to train on.")
        callback_list = tf.keras.callbacks.CallbackList(
            callbacks,
            add_history=True,
            add_progbar=bool(verbose),
            model=model,
            verbose=int(verbose),
            epochs=epochs,
            steps=len(batches),
        )
        model.stop_training = False
        model.train_counter.assign(0)
        logs: Dict[str, float] = {}
        average = WeightAverage(self._network.parameters)
        callback_list.on_train_begin()
        # the products are too small for several threads of BLAS to pay
        with threadpool_limits(limits=1, user_api="blas"):
            for epoch in range(epochs):
                callback_list.on_epoch_begin(epoch)
                logs = self._train_epoch(model, batches, callback_list, epoch)
                if validation_data is not None and (epoch + 1) % validation_freq == 0:
                    measured = self._measured(model, validation_data, callback_list)
                    logs.update({f"val_{name}": v for name, v in measured.items()})
                callback_list.on_epoch_end(epoch, logs)
                if model.stop_training:
                    break
                if epoch >= epochs * (1.0 - self._averaged_epochs):
                    self._optimizer.flush()
                    average.add()
                batches.on_epoch_end()
        self._optimizer.flush()
        if average.count > 1:
            self._average(average, batches)
        for parameter in self._network.parameters:
            if not np.isfinite(parameter.array).all():
                raise DivergedError(f"the weights '{parameter.path}' are not finite")
        callback_list.on_train_end(logs)
        return model.history

    def step(self, batch: Batch, metrics: Metrics) -> None:
        """Takes one step.

        Args:
            batch: Features with labels.
            metrics: Output: the metrics of the batch are added.
        """
        tape = Tape(self._random, True, self._optimizer.prepare)
        loss = self._network.loss(tape, batch, metrics)
        if not math.isfinite(loss):
            raise DivergedError(f"the loss became {loss}")
        metrics.add(TOTAL_LOSS, loss)
        tape.backward()
        self._optimizer.update()

    def _train_epoch(
        self, model: tf.keras.Model, batches: Batches, callbacks: Any, epoch: int
    ) -> Dict[str, float]:
        metrics = Metrics()
        step = int(model.train_counter)
        for index in range(len(batches)):
            callbacks.on_train_batch_begin(index)
            try:
                self.step(batches[index], metrics)
            except DivergedError as error:
                raise DivergedError(
                    f"{error} in epoch {epoch + 1}, batch {index + 1}"
                ) from None
            step += 1
            logs = self._logs(metrics.means())
            if tf.summary.experimental.get_step() is not None:
                model.train_counter.assign(step)
                self._summarize(model, logs)
            callbacks.on_train_batch_end(index, logs)
            if model.stop_training:
                break
        # assigning a variable of TensorFlow is slow, so only a writer of summaries gets
        # every step
        model.train_counter.assign(step)
        self._optimizer.flush()
        return self._with_regularization(metrics.means())

    def _average(self, average: WeightAverage, batches: Batches) -> None:
        """Averages the weights, if they know the training data as well after that.

        In a training that stops while it still learns much, the mean holds weights that
        had not learnt yet.
        """
        count = min(len(batches), _COMPARED_BATCHES)
        compared = [batches[index] for index in range(count)]
        last = self._known(compared)
        replaced = average.apply()
        averaged = self._known(compared)
        if any(
            averaged[name] < last[name] - _MOST_LACKING.get(name.rsplit("_", 1)[-1], 0)
            for name in last
        ):
            for path, array in replaced.items():
                self._network.parameters[path].array[...] = array

    def _known(self, batches: Sequence[Batch]) -> Dict[str, float]:
        """The accuracies on some batches; without any, the negative loss."""
        metrics = Metrics()
        # the same negatives for all weights
        tape = Tape(np.random.default_rng(0))
        for batch in batches:
            metrics.add(TOTAL_LOSS, self._network.loss(tape, batch, metrics))
        means = metrics.means()
        names = [name for name in self._network.accuracy_metrics if name in means]
        return {name: means[name] for name in names} or {TOTAL_LOSS: -means[TOTAL_LOSS]}

    def _measured(
        self, model: tf.keras.Model, batches: Batches, callbacks: Any
    ) -> Dict[str, float]:
        """Metrics of all batches, without training on them."""
        self._optimizer.flush()
        metrics = Metrics()
        tape = Tape(self._random)
        callbacks.on_test_begin()
        for index in range(len(batches)):
            callbacks.on_test_batch_begin(index)
            batch = batches[index]
            metrics.add(TOTAL_LOSS, self._network.loss(tape, batch, metrics))
            callbacks.on_test_batch_end(index, self._logs(metrics.means()))
        batches.on_epoch_end()
        measured = self._with_regularization(metrics.means())
        model.optimizer.iterations.assign(self._optimizer.step)
        callbacks.on_test_end(measured)
        return measured

    def _with_regularization(self, values: Dict[str, float]) -> Dict[str, float]:
        """Adds the current regularisation loss to the total loss."""
        values[TOTAL_LOSS] += self._network.parameters.regularization_loss
        return self._logs(values)

    def _logs(self, values: Dict[str, float]) -> Dict[str, float]:
        # Keras, too, reports metrics that no batch has
        return {name: values.get(name, 0.0) for name in self._metric_names}

    def _summarize(self, model: tf.keras.Model, logs: Dict[str, float]) -> None:
        """Tells TensorBoard, if it listens to batches."""
        for name, value in logs.items():
            tf.summary.scalar(f"batch_{name}", value, step=model.train_counter)
