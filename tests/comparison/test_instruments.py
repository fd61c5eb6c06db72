from __future__ import annotations

import inspect
import time

import numpy as np
import pytest
import tensorflow as tf
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.utils.tensorflow.models import RasaModel

from rasa_randconn.comparison.instruments import (
    SKIPS_PREDICTION,
    Instruments,
    percentiles,
)


class Model(RasaModel):
    def __init__(self):
        super().__init__()
        self.dense = tf.keras.layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        return tf.keras.Model.train_step(self, data)


class OwnFitModel(Model):
    def fit(self, *args, **kwargs):
        return super().fit(*args, **kwargs)


class Component:
    """Has the methods that are measured, and no more."""

    def __init__(self, model):
        self._resource = Resource("train_Component0")
        self.model = model

    def train(self, training_data: list) -> Resource:
        self.model.compile(loss="mse")
        features, targets = np.zeros((8, 4)), np.zeros((8, 1))
        self.model.fit(features, targets, batch_size=4, verbose=0)
        return self._resource

    @classmethod
    def load(cls, config, model_storage, resource, execution_context, **kwargs):
        time.sleep(0.01)
        return cls(None)

    def process(self, messages: list) -> list:
        return messages


@pytest.fixture
def derived():
    """A class of this test's own, as instruments change the classes they measure."""
    base = type("Component", (Component,), dict(vars(Component)))
    body = {"train": lambda self, data: (time.sleep(0.02), base.train(self, data))[1]}
    return type("Derived", (base,), body)


@pytest.mark.parametrize("model", [Model, OwnFitModel])
def test_training_is_timed_once(derived, model, monkeypatch):
    monkeypatch.setattr(RasaModel, "fit", RasaModel.fit, raising=False)
    monkeypatch.setattr(OwnFitModel, "fit", OwnFitModel.fit)
    told = []
    instruments = Instruments(lambda *epochs: told.append(epochs))
    for component in (*derived.__bases__, derived):
        instruments.attach(component)

    assert derived(model()).train([]) == Resource("train_Component0")

    (measured,) = instruments.measurements.values()
    assert measured.train_seconds > measured.fit_seconds + 0.02
    assert measured.fit_seconds > measured.first_step_seconds > 0
    (epoch,) = measured.epoch_seconds
    assert measured.fit_seconds > epoch > 0
    assert measured.learning_curve["seconds"][0] > 0.02 + epoch
    assert measured.learning_curve["loss"][0] >= 0
    assert told == [("train_Component0", n, 1, None) for n in (0, 1)]
    assert measured.trainable_weights == 5
    assert measured.connections == 0


def test_loading_and_predictions_are_timed(derived):
    instruments = Instruments()
    instruments.attach(derived)
    resource = Resource("train_Component0")

    component = derived.load({}, None, resource=resource, execution_context=None)
    assert isinstance(component, derived)
    component.process([])
    instruments.recording = True
    assert component.process([1]) == [1]

    measured = instruments.of("train_Component0")
    assert measured.load_seconds >= 0.01
    assert measured.first_prediction_ms > 0
    assert len(measured.prediction_ms) == 1


def test_rasa_says_by_a_static_method_that_a_model_is_not_asked():
    method = inspect.getattr_static(UnexpecTEDIntentPolicy, SKIPS_PREDICTION)
    assert isinstance(method, staticmethod)


def test_calls_in_which_a_policy_does_not_ask_its_model_are_not_timed(derived):
    class Skipping(derived):
        def predict_action_probabilities(self, tracker: str) -> str:
            if self._should_skip_prediction(tracker, "domain"):
                return "skipped"
            return "predicted"

        @staticmethod
        def _should_skip_prediction(tracker: str, domain: str) -> bool:
            return tracker == "after an action"

    instruments = Instruments()
    for _ in range(2):
        instruments.attach(Skipping)
    instruments.recording = True
    policy = Skipping(None)
    trackers = ["after an action", "after a message", "after an action"]

    answers = [policy.predict_action_probabilities(tracker) for tracker in trackers]

    assert answers == ["skipped", "predicted", "skipped"]
    measured = instruments.of("train_Component0")
    assert measured.prediction_ms == [measured.first_prediction_ms]


def test_a_loading_that_passes_its_arguments_on_by_position_is_timed_once(derived):
    base = derived.__bases__[0]

    class PassingOn(derived):
        @classmethod
        def load(cls, config, model_storage, resource, execution_context, **kwargs):
            return super().load(config, model_storage, resource, execution_context)

    instruments = Instruments()
    for component in (PassingOn, base):
        instruments.attach(component)
    resource = Resource("train_Component0")

    component = PassingOn.load({}, None, resource=resource, execution_context=None)

    assert isinstance(component, PassingOn)
    (measured,) = instruments.measurements.values()
    assert measured.load_seconds >= 0.01


def test_signatures_stay_those_that_rasa_reads():
    class Copy(DIETClassifier):
        pass

    before = [inspect.signature(getattr(Copy, n)) for n in ("train", "load", "process")]
    Instruments().attach(Copy)

    after = [inspect.signature(getattr(Copy, n)) for n in ("train", "load", "process")]
    assert after == before


def test_there_are_no_percentiles_without_times():
    assert percentiles([]) is None


def test_percentiles_are_those_of_the_times():
    assert percentiles([float(n) for n in range(101)]) == {
        "p50": 50.0,
        "p95": 95.0,
        "p99": 99.0,
    }
