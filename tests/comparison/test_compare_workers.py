from __future__ import annotations

import inspect
import tarfile
import time
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.core.policies.unexpected_intent_policy import UnexpecTEDIntentPolicy
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.nlu.classifiers.logistic_regression_classifier import (
    LogisticRegressionClassifier,
)
from rasa.nlu.selectors.response_selector import ResponseSelector
from rasa.shared.exceptions import RasaException
from rasa.utils.tensorflow.layers import RandomlyConnectedDense
from rasa.utils.tensorflow.models import RasaModel
from ruamel.yaml import YAML

from rasa_randconn import RandConnTEDPolicy
from rasa_randconn.comparison import neural, test_worker, train_worker, training_data
from rasa_randconn.comparison.instruments import (
    SKIPS_PREDICTION,
    Instruments,
    count_connections,
    count_trainable,
    percentiles,
)


def test_neural_components_are_found_by_name_and_by_path():
    config = {
        "pipeline": [
            {"name": "WhitespaceTokenizer"},
            {"name": "LogisticRegressionClassifier"},
            {"name": "rasa.nlu.classifiers.diet_classifier.DIETClassifier", "a": 1},
            {"name": "ResponseSelector"},
            {"name": "ResponseSelector"},
        ],
        "policies": [{"name": "RulePolicy"}, {"name": "UnexpecTEDIntentPolicy"}],
    }

    found = neural.find(config)

    assert [(c.key, c.component, c.resource) for c in found] == [
        (
            "DIETClassifier",
            DIETClassifier,
            "train_rasa.nlu.classifiers.diet_classifier.DIETClassifier2",
        ),
        ("ResponseSelector@pipeline.3", ResponseSelector, "train_ResponseSelector3"),
        ("ResponseSelector@pipeline.4", ResponseSelector, "train_ResponseSelector4"),
        (
            "UnexpecTEDIntentPolicy",
            UnexpecTEDIntentPolicy,
            "train_UnexpecTEDIntentPolicy1",
        ),
    ]
    assert found[0].config == {"a": 1}


def test_unknown_components_are_refused():
    with pytest.raises(RasaException):
        neural.find({"pipeline": [{"name": "NoSuchComponent"}]})


def test_family_is_the_stock_class():
    class Mixin:
        pass

    class Own(Mixin, DIETClassifier):
        pass

    class OwnPolicy(TEDPolicy):
        pass

    assert neural.family(Own) == "DIETClassifier"
    assert neural.family(OwnPolicy) == "TEDPolicy"
    assert neural.family(ResponseSelector) == "ResponseSelector"
    assert not neural.is_neural(LogisticRegressionClassifier)


def test_options_take_the_form_in_which_a_component_has_them():
    options = {
        "transformer_size": 32,
        "connection_density": 0.1,
        "connection_pattern": "grouped",
    }

    assert neural.fitting_options(DIETClassifier, options) == {
        "transformer_size": 32,
        "connection_density": 0.1,
    }
    sizes = dict.fromkeys(["text", "action_text", "label_action_text", "dialogue"], 32)
    ours = neural.fitting_options(RandConnTEDPolicy, options)
    assert ours == {**options, "transformer_size": sizes}


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
    instruments = Instruments()
    for component in (*derived.__bases__, derived):
        instruments.attach(component)

    assert derived(model()).train([]) == Resource("train_Component0")

    (measured,) = instruments.measurements.values()
    assert measured.train_seconds > measured.fit_seconds + 0.02
    assert measured.fit_seconds > measured.first_step_seconds > 0
    (epoch,) = measured.epoch_seconds
    assert measured.fit_seconds > epoch > 0
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


class OwnLayer(tf.keras.layers.Layer):
    def __init__(self, connections, parts=()):
        super().__init__()
        self.connections = connections
        self.parts = list(parts)


def test_connections_are_counted_once():
    shared = OwnLayer(3)
    unbuilt = RandomlyConnectedDense(units=4)
    masked = RandomlyConnectedDense(units=4, density=0.0)
    dense = RandomlyConnectedDense(units=4, density=1.0)
    for layer in (masked, dense):
        layer(tf.zeros((1, 6)))
    model = tf.keras.Sequential(
        [shared, OwnLayer(8, [OwnLayer(5), shared]), unbuilt, masked, dense]
    )

    assert count_connections(masked) == 6
    assert count_connections(dense) == 24
    assert count_connections(model) == 3 + 5 + 6 + 24


def test_trainable_weights_are_counted_once():
    variable = tf.Variable(tf.zeros((2, 3)))
    model = SimpleNamespace(trainable_variables=[variable, variable, tf.Variable(1.0)])

    assert count_trainable(model) == 7
    assert count_trainable(object()) is None


def test_there_are_no_percentiles_without_times():
    assert percentiles([]) is None


def test_percentiles_are_those_of_the_times():
    assert percentiles([float(n) for n in range(101)]) == {
        "p50": 50.0,
        "p95": 95.0,
        "p99": 99.0,
    }


def test_resource_sizes_are_those_inside_the_archive(tmp_path):
    components = tmp_path / "components"
    for name, size in (("train_A1/x", 10), ("train_A1/sub/y", 5), ("train_B2/x", 7)):
        path = components / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"0" * size)
    (tmp_path / "metadata.json").write_text("{}")
    with tarfile.open(str(tmp_path / "model.tar.gz"), "w:gz") as archive:
        for name in ("components", "metadata.json"):
            archive.add(str(tmp_path / name), arcname=name)

    sizes = train_worker._resource_sizes(tmp_path / "model.tar.gz")

    assert sizes == {"train_A1": 15, "train_B2": 7}


NLU = "nlu:\n- intent: a\n  examples: |\n    - hello\n"
STORIES = "stories:\n- story: s\n  steps:\n  - intent: a\n  - action: b\n"


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for name, content in (
        ("nlu.yml", NLU),
        ("stories.yml", STORIES),
        ("mixed.yml", NLU + STORIES),
        ("other.yml", "intents: []\n"),
    ):
        (folder / name).write_text("version: '3.1'\n" + content)
    return folder


def keys(path):
    return [key for key in YAML().load(path) if key != "version"]


def test_nlu_paths_give_nlu_data_only(data, tmp_path):
    chosen = training_data.select([str(data)], [], tmp_path / "scratch")

    assert [path.name for path in chosen] == ["mixed.yml", "nlu.yml"]
    assert [keys(path) for path in chosen] == [["nlu"], ["nlu"]]


def test_story_paths_give_stories_only(data, tmp_path):
    nlu = str(data / "nlu.yml")

    chosen = training_data.select([nlu], [str(data)], tmp_path / "scratch")

    assert [keys(path) for path in chosen] == [["stories"], ["nlu"], ["stories"]]
    assert chosen[1:] == [data / "nlu.yml", data / "stories.yml"]


def test_mixed_files_stay_whole_where_both_are_asked_for(data, tmp_path):
    chosen = training_data.select([str(data)], [str(data)], tmp_path / "scratch")

    assert chosen == [data / "mixed.yml", data / "nlu.yml", data / "stories.yml"]


def test_paths_without_data_are_refused(data, tmp_path):
    with pytest.raises(ValueError, match="no NLU data in"):
        training_data.select([str(data / "stories.yml")], [], tmp_path)
    with pytest.raises(ValueError, match="no stories or rules in"):
        training_data.select([], [str(data / "nlu.yml")], tmp_path)


def component(cls, **config):
    return neural.NeuralComponent(
        cls.__name__, cls, neural.family(cls), "pipeline.0", "train_x0", config
    )


class Own(DIETClassifier):
    pass


@pytest.mark.parametrize(
    ("by_extractor", "components", "expected"),
    [
        ({"DIETClassifier": 0.5, "RegexEntityExtractor": 0.1}, [DIETClassifier], 0.5),
        ({"Own": 0.5, "DIETClassifier": 0.4}, [Own], 0.5),
        ({"DIETClassifier": 0.5}, [Own], 0.0),
        ({"RegexEntityExtractor": 0.1}, [Own], 0.0),
        ({"CRFEntityExtractor": 0.3, "RegexEntityExtractor": 0.1}, [], 0.3),
        ({"RegexEntityExtractor": 0.1}, [], 0.1),
        ({"RegexEntityExtractor": 0.1, "Other": 0.2}, [], None),
        ({}, [], None),
    ],
)
def test_entity_f1_is_that_of_the_trained_extractor(by_extractor, components, expected):
    found = test_worker._entity_f1(by_extractor, [component(c) for c in components])

    assert found == expected


@pytest.mark.parametrize(
    "predicted, expected", [(["faq/a", None], 0.5), ([None, None], None), ([], None)]
)
def test_there_is_no_response_f1_where_nothing_selects_responses(predicted, expected):
    evaluation = {
        "predictions": [{"intent_response_key_prediction": key} for key in predicted],
        "report": {"weighted avg": {"f1-score": 0.5}},
    }
    assert test_worker._response_f1(evaluation) == expected
    assert test_worker._response_f1(None) is None


def test_entity_f1_ignores_components_that_extract_nothing():
    diet = component(DIETClassifier, entity_recognition=False)

    assert test_worker._entity_f1({"CRFEntityExtractor": 0.3}, [diet]) == 0.3
