"""The oracle is the training loop of Keras."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.training.loop import train

EPOCHS = 3


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
    """Learns to add up three numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.total_loss = tf.keras.metrics.Mean(name="t_loss")
        self.dense = tf.keras.layers.Dense(1, kernel_initializer="ones")
        self.dense.build([None, 3])
        self.traces = 0
        self.compile(tf.keras.optimizers.Adam(0.1))
        self.optimizer.build(self.dense.trainable_variables)

    def _loss(self, batch: Any) -> tf.Tensor:
        rows, sums = batch
        return tf.reduce_mean(tf.square(self.dense(rows) - 2 * sums))

    def train_step(self, batch: Any) -> Dict[str, tf.Tensor]:
        self.traces += 1
        batch = batch[0] if isinstance(batch[0], tuple) else batch
        with tf.GradientTape() as tape:
            loss = self._loss(batch)
        variables = self.dense.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        self.total_loss.update_state(loss)
        return {"t_loss": self.total_loss.result()}

    def test_step(self, data: Any) -> Dict[str, tf.Tensor]:
        self.total_loss.update_state(self._loss(data[0]))
        return {"t_loss": self.total_loss.result()}


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
        self.entries.append(("batch end", batch, round(float(logs["t_loss"]), 4)))

    def on_test_end(self, logs: Any = None) -> None:
        self.entries.append(("test end",))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        rounded = {name: round(float(value), 4) for name, value in logs.items()}
        self.entries.append(("epoch end", epoch, rounded))

    def on_train_end(self, logs: Any = None) -> None:
        self.entries.append(("train end", sorted(logs)))


@pytest.mark.parametrize("validation_freq", [1, 2, 5])
def test_metrics_and_callbacks_are_those_of_keras(validation_freq):
    diaries = []
    for is_keras in (True, False):
        model, diary = Model(), Diary()
        options = {
            "epochs": EPOCHS,
            "callbacks": [diary],
            "validation_data": Batches(2, shrinks=False),
            "validation_freq": validation_freq,
            "verbose": 0,
        }
        if is_keras:
            history = model.fit(Batches(), shuffle=False, **options)
        else:
            history = train(model, Batches(), **options)
        diaries.append((diary.entries, history.epoch, sorted(history.history)))
        assert history is model.history
    assert diaries[0] == diaries[1]


def test_batches_of_all_sizes_share_one_trace():
    model = Model()
    train(model, Batches(), epochs=EPOCHS)
    assert model.traces == 1
    assert int(model._train_counter) == 5 + 4 + 3
    assert int(model.optimizer.iterations) == 5 + 4 + 3


def test_an_eager_model_is_not_traced():
    model = Model()
    model.compile(tf.keras.optimizers.Adam(0.1), run_eagerly=True)
    train(model, Batches(), epochs=1)
    assert model.traces == 5


def test_a_callback_can_stop_the_training():
    class Stop(tf.keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 1

    model = Model()
    history = train(model, Batches(), epochs=EPOCHS, callbacks=[Stop()])
    assert int(model.optimizer.iterations) == 2
    assert history.epoch == [0]


def test_a_failure_to_make_a_batch_ends_the_training():
    batches = Batches()
    batches.fails_at = 2
    with pytest.raises(OSError, match="no such batch"):
        train(Model(), batches)


def test_no_batch_is_an_error():
    with pytest.raises(ValueError, match="no batch"):
        train(Model(), Batches(0))


def test_tensorboard_gets_the_curves_of_batches_and_epochs(tmp_path):
    callback = tf.keras.callbacks.TensorBoard(str(tmp_path), update_freq="batch")
    train(Model(), Batches(), epochs=2, callbacks=[callback])
    (events,) = (tmp_path / "train").glob("*.tfevents*")
    found = set()
    for event in tf.compat.v1.train.summary_iterator(str(events)):
        found.update(value.tag for value in event.summary.value)
    assert {"batch_t_loss", "epoch_t_loss"} <= found
