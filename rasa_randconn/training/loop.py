"""The training loop: prepared batches, one trace, one call per step."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Iterator, Optional, Sequence, Tuple

import tensorflow as tf

from rasa_randconn.training.batches import PreparedBatches

Tensors = Tuple[tf.Tensor, ...]
Step = Callable[[Tensors], Dict[str, tf.Tensor]]


def train(
    model: tf.keras.Model,
    batches: PreparedBatches,
    epochs: int = 1,
    callbacks: Optional[Sequence[tf.keras.callbacks.Callback]] = None,
    validation_data: Optional[PreparedBatches] = None,
    validation_freq: int = 1,
    verbose: Any = False,
) -> tf.keras.callbacks.History:
    """Trains a compiled model, as `tf.keras.Model.fit` would.

    The next batch is put together in a second thread while a step is taken. Keras sends
    batches through a dataset that calls back into Python, and converts and traces more
    code than the step.

    Args:
        model: The model, all of whose variables exist.
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
    step_function = _step_function(model, tensors(batches[0][0]))
    model.stop_training = False
    model._train_counter.assign(0)
    logs: Dict[str, Any] = {}

    callback_list.on_train_begin()
    for epoch in range(epochs):
        model.reset_metrics()
        callback_list.on_epoch_begin(epoch)
        for step, batch in enumerate(_prefetched(batches)):
            callback_list.on_train_batch_begin(step)
            metrics = step_function(batch)
            callback_list.on_train_batch_end(step, metrics)
            if model.stop_training:
                break
        logs = {name: float(metric) for name, metric in metrics.items()}
        if validation_data is not None and (epoch + 1) % validation_freq == 0:
            logs.update(_validated(model, validation_data, callback_list))
        callback_list.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
        batches.on_epoch_end()
    callback_list.on_train_end(logs)
    return model.history


def tensors(arrays: Sequence[Any]) -> Tensors:
    """The arrays of a batch as tensors."""
    return tuple(tf.convert_to_tensor(array) for array in arrays)


def _step_function(model: tf.keras.Model, example: Tensors) -> Step:
    """The model's training step, traced once for batches of all sizes."""

    def step(batch: Tensors) -> Dict[str, tf.Tensor]:
        metrics: Dict[str, tf.Tensor] = model.train_step(batch)
        model._train_counter.assign_add(1)
        for name, metric in metrics.items():
            # goes nowhere unless TensorBoard listens to batches
            tf.summary.scalar(f"batch_{name}", metric, step=model._train_counter)
        return metrics

    if model.run_eagerly:
        return step
    signature = tuple(
        tf.TensorSpec([None] * tensor.shape.rank, tensor.dtype) for tensor in example
    )
    traced: Step = tf.function(step, input_signature=[signature], autograph=False)
    return traced


def _prefetched(batches: PreparedBatches) -> Iterator[Tensors]:
    """The batches of the current epoch, each made while the one before is used."""
    with ThreadPoolExecutor(max_workers=1) as executor:

        def upcoming(index: int) -> Any:
            return executor.submit(lambda: tensors(batches[index][0]))

        count = len(batches)
        batch = upcoming(0)
        for index in range(count):
            current = batch.result()
            if index + 1 < count:
                batch = upcoming(index + 1)
            yield current


def _validated(
    model: tf.keras.Model, data: PreparedBatches, callbacks: Any
) -> Dict[str, Any]:
    metrics = model.evaluate(data, callbacks=callbacks, return_dict=True, verbose=0)
    return {f"val_{name}": metric for name, metric in metrics.items()}
