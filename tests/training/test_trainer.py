"""The oracle is the training loop of Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import pytest
import tensorflow as tf
from summaries import read_summaries

from rasa_randconn.autodiff import Parameters, Tape, Value
from rasa_randconn.connections import LAYER_KINDS, ConnectionSettings
from rasa_randconn.nn.metrics import Metrics
from rasa_randconn.nn.operations import linear
from rasa_randconn.training.adam import Adam
from rasa_randconn.training.trainer import Trainer

EPOCHS = 3
LEARNING_RATE = 0.1


class Batches(tf.keras.utils.Sequence):
    """Batches of growing sizes, and perhaps one batch less in every epoch."""

    def __init__(self, count: int = 5, shrinks: bool = True) -> None:
        self.count = count
        self.shrinks = shrinks
        self.epoch = 0
        self.fails_at = -1

    def __len__(self) -> int:
        return max(self.count - self.epoch, 0)

    def __getitem__(self, index: int) -> Tuple[Tuple[np.ndarray, ...], None]:
        if index == self.fails_at:
            raise OSError("no such batch")
        random = np.random.RandomState(10 * self.epoch + index)
        rows = random.normal(size=(2 + self.epoch + index, 3)).astype(np.float32)
        return (rows, rows.sum(axis=1, keepdims=True)), None

    def on_epoch_end(self) -> None:
        self.epoch += self.shrinks


class Model(tf.keras.Model):
    """Learns to add up three numbers, in Keras."""

    def __init__(self) -> None:
        super().__init__()
        self.total_loss = tf.keras.metrics.Mean(name="t_loss")
        self.dense = tf.keras.layers.Dense(1, kernel_initializer="ones")
        self.dense.build([None, 3])
        self.compile(tf.keras.optimizers.Adam(LEARNING_RATE))

    @property
    def train_counter(self) -> tf.Variable:
        return self._train_counter

    def _loss(self, batch: Any) -> tf.Tensor:
        rows, sums = batch
        return tf.reduce_mean(tf.square(self.dense(rows) - 2 * sums))

    def train_step(self, batch: Any) -> Dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = self._loss(batch[0])
        variables = self.dense.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        self.total_loss.update_state(loss)
        return {"t_loss": self.total_loss.result()}

    def test_step(self, data: Any) -> Dict[str, tf.Tensor]:
        self.total_loss.update_state(self._loss(data[0]))
        return {"t_loss": self.total_loss.result()}


class Network:
    """The same as ours."""

    def __init__(self, l2: float = 0.0) -> None:
        connections = ConnectionSettings(
            {kind: 1.0 for kind in LAYER_KINDS}, "grouped", 1
        )
        self.parameters = Parameters(connections)
        self.kernel = self.parameters.glorot_uniform("dense/kernel", (3, 1), l2=l2)
        self.kernel.array[...] = 1.0
        self.bias = self.parameters.constant("dense/bias", (1,), 0.0)
        self.accuracy_metrics: List[str] = []
        self.losses: List[float] = []

    def loss(self, tape: Tape, batch: Any, metrics: Metrics) -> float:
        (rows, sums), _ = batch
        outputs = linear(tape, Value(rows), self.kernel, self.bias)
        errors = outputs.array - 2 * sums
        outputs.add_gradient(2 * errors / len(errors))
        self.losses.append(float(np.square(errors).mean()))
        return self.losses[-1]


class Training:
    """A network of ours, and what trains it."""

    def __init__(self, l2: float = 0.0) -> None:
        self.network = Network(l2)
        self.optimizer = Adam(self.network.parameters, LEARNING_RATE)
        self.model = Model()
        self._trainer = Trainer(
            self.network, self.optimizer, np.random.default_rng(0), ["t_loss"]
        )

    def train(self, batches: Batches, **options: Any) -> tf.keras.callbacks.History:
        return self._trainer.train(self.model, batches, **options)  # type: ignore[arg-type]


class CloseTo(float):
    """A number that equals those that differ from it by rounding only."""

    def __eq__(self, other: Any) -> bool:
        return abs(self - other) < 1e-4

    __hash__ = None  # type: ignore[assignment]


def close_to(value: Any) -> CloseTo:
    return CloseTo(float(value))


class Diary(tf.keras.callbacks.Callback):
    """Notes down what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: List[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.entries.append(("train begin", self.params["epochs"]))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.entries.append(("epoch begin", epoch))

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.entries.append(("batch begin", batch))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.entries.append(("batch end", batch, close_to(logs["t_loss"])))

    def on_test_begin(self, logs: Any = None) -> None:
        self.entries.append(("test begin",))

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        loss = close_to(logs["t_loss"])
        self.entries.append(("test batch end", batch, loss))

    def on_test_end(self, logs: Any = None) -> None:
        self.entries.append(("test end",))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        values = {name: close_to(value) for name, value in logs.items()}
        self.entries.append(("epoch end", epoch, values))

    def on_train_end(self, logs: Any = None) -> None:
        self.entries.append(("train end", sorted(logs)))


@pytest.mark.parametrize("validation_freq", [1, 2, 5])
def test_metrics_and_callbacks_are_those_of_keras(validation_freq):
    diaries = []
    for is_keras in (True, False):
        training, diary = Training(), Diary()
        options = {
            "epochs": EPOCHS,
            "callbacks": [diary],
            "validation_data": Batches(2, shrinks=False),
            "validation_freq": validation_freq,
            "verbose": 0,
        }
        if is_keras:
            history = training.model.fit(Batches(), shuffle=False, **options)
        else:
            history = training.train(Batches(), **options)
        diaries.append((diary.entries, history.epoch, sorted(history.history)))
        assert history is training.model.history
    assert diaries[0] == diaries[1]


def test_every_batch_is_one_step():
    training = Training()
    training.train(Batches(), epochs=EPOCHS)
    assert len(training.network.losses) == 5 + 4 + 3
    assert int(training.model.train_counter) == 5 + 4 + 3
    assert training.optimizer.step == 5 + 4 + 3


def test_validation_trains_nothing():
    alone, validated = Training(), Training()
    alone.train(Batches(), epochs=EPOCHS)
    validated.train(Batches(), epochs=EPOCHS, validation_data=Batches(2, shrinks=False))
    assert len(validated.network.losses) == len(alone.network.losses) + 2 * EPOCHS
    arrays = alone.network.parameters.arrays()
    for path, array in validated.network.parameters.arrays().items():
        np.testing.assert_array_equal(array, arrays[path])


def test_the_loss_of_an_epoch_includes_the_regularisation_at_its_end():
    training = Training(l2=0.5)
    history = training.train(Batches())
    expected = np.mean(training.network.losses)
    expected += 0.5 * float(np.square(training.network.kernel.array).sum())
    assert history.history["t_loss"] == [pytest.approx(expected, rel=1e-6)]


def test_a_callback_can_stop_the_training():
    class Stop(tf.keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 1

    training = Training()
    history = training.train(Batches(), epochs=EPOCHS, callbacks=[Stop()])
    assert training.optimizer.step == 2
    assert history.epoch == [0]


def test_a_failure_to_make_a_batch_ends_the_training():
    batches = Batches()
    batches.fails_at = 2
    with pytest.raises(OSError, match="no such batch"):
        Training().train(batches)


def test_no_batch_is_an_error():
    with pytest.raises(ValueError, match="no batch"):
        Training().train(Batches(0))


def test_tensorboard_gets_the_curves_of_keras_and_those_of_batches(tmp_path):
    curves = []
    for is_keras in (True, False):
        folder, training = tmp_path / str(is_keras), Training()
        callback = tf.keras.callbacks.TensorBoard(str(folder), update_freq="batch")
        options = {
            "epochs": 2,
            "callbacks": [callback],
            "validation_data": Batches(2, shrinks=False),
        }
        if is_keras:
            training.model.fit(Batches(), shuffle=False, verbose=0, **options)
        else:
            training.train(Batches(), **options)
        curves.append(_curves(folder))
    keras, ours = curves
    of_batches = ours["train"].pop("batch_t_loss")
    assert ours["train"] == keras["train"]
    assert ours["validation"] == keras["validation"]
    assert [step for step, _ in of_batches] == list(range(1, 5 + 4 + 1))
    losses = np.array(training.network.losses)
    first = np.cumsum(losses[:5]) / np.arange(1, 6)
    assert [value for _, value in of_batches[:5]] == pytest.approx(first, abs=1e-4)


def _curves(folder: Path) -> Dict[str, Dict[str, List[Tuple[int, float]]]]:
    """Steps and values of every curve of losses in TensorBoard's files."""
    curves: Dict[str, Dict[str, List[Tuple[int, float]]]] = {}
    for summary in read_summaries(folder):
        if "t_loss" in summary.tag:
            own = curves.setdefault(summary.writer, {})
            own.setdefault(summary.tag, []).append(
                (summary.step, close_to(summary.array))
            )
    return curves


class Known(Network):
    """Has one accuracy with the weights of the last step, and one with all others."""

    def __init__(self, lacking: float, lacking_f1: float = 0.0) -> None:
        super().__init__()
        self.lacking_f1 = lacking_f1
        self.accuracy_metrics = ["i_acc", "e_f1"]
        self.lacking = lacking
        self.last: Optional[np.ndarray] = None

    def loss(self, tape: Tape, batch: Any, metrics: Metrics) -> float:
        loss = super().loss(tape, batch, metrics)
        if not tape.is_training:
            if self.last is None:
                self.last = self.kernel.array.copy()
            is_last = np.array_equal(self.kernel.array, self.last)
            metrics.add("i_acc", 0.9 if is_last else 0.9 - self.lacking)
            metrics.add("e_f1", 0.9 if is_last else 0.9 - self.lacking_f1)
        return loss


def trained_kernel(network: Network, averaged_epochs: float) -> np.ndarray:
    optimizer = Adam(network.parameters, LEARNING_RATE)
    random = np.random.default_rng(0)
    trainer = Trainer(network, optimizer, random, ["t_loss"], averaged_epochs)
    trainer.train(Model(), Batches(shrinks=False), epochs=EPOCHS)  # type: ignore[arg-type]
    return network.kernel.array.copy()


@pytest.mark.parametrize("lacking", [(-0.1, 0.005), (0.0, 0.0), (0.0005, -0.1)])
def test_averaged_weights_that_know_the_data_as_well_are_kept(lacking):
    ends = []
    for epochs in range(1, EPOCHS + 1):
        network = Network()
        trainer = Trainer(
            network,
            Adam(network.parameters, LEARNING_RATE),
            np.random.default_rng(0),
            [],
        )
        batches = Batches(shrinks=False)
        trainer.train(Model(), batches, epochs=epochs)  # type: ignore[arg-type]
        ends.append(network.kernel.array.copy())
    averaged = trained_kernel(Known(*lacking), averaged_epochs=1.0)
    np.testing.assert_allclose(averaged, np.mean(ends, axis=0), rtol=1e-5)


@pytest.mark.parametrize("lacking", [(0.002, 0.0), (0.5, -0.1), (0.0, 0.02)])
def test_averaged_weights_that_had_not_learnt_yet_are_not_kept(lacking):
    last = trained_kernel(Known(*lacking), averaged_epochs=0.0)
    kept = trained_kernel(Known(*lacking), averaged_epochs=1.0)
    np.testing.assert_array_equal(kept, last)


def test_without_an_accuracy_the_weights_with_the_smaller_loss_are_kept():
    last = trained_kernel(Network(), averaged_epochs=0.0)
    np.testing.assert_array_equal(trained_kernel(Network(), averaged_epochs=1.0), last)
