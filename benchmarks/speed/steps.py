"""Whole training steps of DIET and TED on the example bot, taken apart."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Dict, List
from unittest import mock

import numpy as np
import tensorflow as tf
from rasa.core.policies.ted_policy import TED
from rasa.model_training import train
from rasa.nlu.classifiers.diet_classifier import DIET
from rasa.utils.tensorflow.data_generator import RasaBatchDataGenerator
from threadpoolctl import threadpool_limits

from benchmarks.speed.stopwatch import medians
from rasa_randconn.autodiff import Tape
from rasa_randconn.comparison.configuration import override, read_config, write_config
from rasa_randconn.comparison.neural import is_neural, resolve
from rasa_randconn.nn.metrics import Metrics
from rasa_randconn.stock.batch_generator import PreparedBatches
from rasa_randconn.stock.diet_model import RandConnDIET
from rasa_randconn.stock.ted_model import RandConnTED
from rasa_randconn.training.adam import Adam
from rasa_randconn.training.trainer import Trainer

BATCH = 128
BOT = Path(__file__).parents[2] / "example_bot"
MODELS = {"DIET": (DIET, RandConnDIET), "TED": (TED, RandConnTED)}

Functions = Dict[str, Callable[[], object]]


def measure(repeats: int) -> List[Dict[str, Any]]:
    """Milliseconds of the parts of one step, a row per model.

    Of ever more of a step: the difference of two is the time of what was added.
    """
    data = {**_trained("config.stock.yml"), **_trained("config.yml")}
    rows = []
    for name, (stock, ours) in MODELS.items():
        parts = {
            "stock": _parts_of_stock(*data[stock]),
            "ours": _parts_of_ours(*data[ours]),
        }
        functions = {
            f"{prefix}, {part}": function
            for prefix, functions in parts.items()
            for part, function in functions.items()
        }
        # as in training; TensorFlow has threads of its own
        with threadpool_limits(limits=1, user_api="blas"):
            rows.append({"model": name, **medians(functions, repeats)})
    return rows


def _parts_of_stock(model: tf.keras.Model, data: RasaBatchDataGenerator) -> Functions:
    batch = tuple(tf.convert_to_tensor(array) for array in data[0][0])

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


def _parts_of_ours(model: Any, data: RasaBatchDataGenerator) -> Functions:
    network, random = model.network, np.random.default_rng(1)
    optimizer = Adam(network.parameters, learning_rate=0.001)
    trainer = Trainer(network, optimizer, random, metric_names=[])
    batch = PreparedBatches(data, np.random.RandomState(1))[0]

    def loss() -> Tape:
        tape = Tape(random, True, optimizer.prepare)
        network.loss(tape, batch, Metrics())
        return tape

    def gradients() -> None:
        loss().backward()
        for parameter in network.parameters:
            parameter.clear_gradient()

    return {
        "loss": loss,
        "loss and gradients": gradients,
        "whole step": lambda: trainer.step(batch, Metrics()),
    }


def _trained(config: str) -> Dict[type, Any]:
    """The models of a configuration after one epoch, each with its data."""
    trained: Dict[type, Any] = {}

    def caught(model_class: Any) -> Callable[..., Any]:
        fit = model_class.fit

        def fit_and_keep(model: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
            batches = RasaBatchDataGenerator(data.model_data, BATCH, shuffle=False)
            trained[type(model)] = model, batches
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
