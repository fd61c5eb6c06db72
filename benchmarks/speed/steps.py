"""Whole training steps of DIET and TED on the example bot, taken apart."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple
from unittest import mock

import tensorflow as tf
from rasa.core.policies.ted_policy import TED
from rasa.model_training import train
from rasa.nlu.classifiers.diet_classifier import DIET
from rasa.utils.tensorflow.data_generator import RasaBatchDataGenerator

from benchmarks.speed.stopwatch import medians
from rasa_randconn.comparison.configuration import override, read_config, write_config
from rasa_randconn.comparison.neural import is_neural, resolve
from rasa_randconn.models import RandConnDIET, RandConnTED
from rasa_randconn.training import PreparedBatches
from rasa_randconn.training.loop import tensors

BATCH = 128
BOT = Path(__file__).parents[2] / "example_bot"
MODELS = {"DIET": (DIET, RandConnDIET), "TED": (TED, RandConnTED)}

Trained = Tuple[tf.keras.Model, Tuple[tf.Tensor, ...]]


def measure(repeats: int) -> List[Dict[str, Any]]:
    """Milliseconds of the parts of one step, a row per model."""
    trained = {**_trained("config.stock.yml"), **_trained("config.yml")}
    rows = []
    for name, (stock, ours) in MODELS.items():
        functions = {
            f"{prefix}, {part}": function
            for prefix, model in (("stock", stock), ("ours", ours))
            for part, function in _parts(*trained[model]).items()
        }
        rows.append({"model": name, **medians(functions, repeats)})
    return rows


def _parts(
    model: tf.keras.Model, batch: Tuple[tf.Tensor, ...]
) -> Dict[str, Callable[[], object]]:
    """Ever more of a step: the difference of two is the time of what was added."""

    def loss() -> Any:
        model._training = True
        value = model.batch_loss(batch)
        model._training = None
        return value

    def gradients() -> Any:
        with tf.GradientTape() as tape:
            value = loss()
        return value, tape.gradient(value, model.trainable_variables)

    def step() -> Any:
        return model.train_step(batch)

    def called(function: Callable[[], Any]) -> Callable[[], object]:
        graph = tf.function(function, autograph=False)
        return lambda: tf.nest.flatten(graph())[0].numpy()

    return {
        "loss": called(loss),
        "loss and gradients": called(gradients),
        "whole step": called(step),
    }


def _trained(config: str) -> Dict[type, Trained]:
    """The models of a configuration after one epoch, each with a batch of its data."""
    trained: Dict[type, Trained] = {}

    def caught(model_class: type) -> Callable[..., Any]:
        fit = model_class.fit

        def fit_and_keep(model: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
            batches = PreparedBatches(
                RasaBatchDataGenerator(data.model_data, BATCH, shuffle=False)
            )
            trained[type(model)] = model, tensors(batches[0][0])
            return fit(model, data, *args, **kwargs)

        return fit_and_keep

    with tempfile.TemporaryDirectory() as folder, ExitStack() as patches:
        for model_classes in MODELS.values():
            for model_class in model_classes:
                patch = mock.patch.object(model_class, "fit", caught(model_class))
                patches.enter_context(patch)
        path = Path(folder) / "config.yml"
        settings = read_config(str(BOT / config))
        write_config(
            override(settings, lambda name: is_neural(resolve(name)), 1, epochs=1), path
        )
        train(
            str(BOT / "domain.yml"),
            str(path),
            [str(BOT / "data")],
            output=folder,
            force_training=True,
        )
    return trained
