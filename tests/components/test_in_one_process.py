"""What notebooks and unit tests of bots do: train, save and load in one process."""

from __future__ import annotations

import copy
import threading

import pytest
from data_factory import create, load, predictions_of_turns, tiny_options, train
from rasa.shared.exceptions import RasaException

KINDS = ("diet", "selector", "ted", "unlikely intents")

every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def pattern():
    return "grouped"


@pytest.fixture
def data_of(featurizers, talk, retrieval, intent_talk):
    by_kind = (featurizers, retrieval, talk, intent_talk)
    return dict(zip(KINDS, by_kind)).__getitem__


@pytest.fixture
def trained(kind, data_of, train_once, tmp_path):
    """A component that was trained, its options, and where it saved itself."""
    component = type(train_once(kind, "grouped").component)
    options = tiny_options(component)
    return train(component, options, tmp_path, data_of(kind)), options, tmp_path


def contents(storage):
    return {path.name: path.read_bytes() for path in (storage / "model").glob("*")}


def weights_of(component):
    return {p.path: p.array.tobytes() for p in component.model.parameters}


@every_kind
def test_a_loaded_component_can_be_saved_in_its_place(trained):
    component, options, storage = trained
    before = contents(storage)
    load(type(component), options, storage).persist()
    assert contents(storage) == before
    again = load(type(component), options, storage)
    assert weights_of(again) == weights_of(component)


@every_kind
def test_a_component_can_be_saved_twice(trained):
    component, options, storage = trained
    component.persist()
    component.persist()
    again = load(type(component), options, storage)
    assert weights_of(again) == weights_of(component)


@every_kind
def test_a_training_without_data_leaves_the_model_of_an_earlier_one(
    trained, kind, data_of
):
    component, options, storage = trained
    before = contents(storage)
    untrained = create(type(component), options, storage)
    data = data_of(kind)
    if kind in ("diet", "selector"):
        untrained.train(
            data.training_data.filter_training_examples(lambda example: False)
        )
    else:
        untrained.train([], data.domain, data.precomputations)
    assert untrained.model is None
    assert contents(storage) == before
    assert load(type(component), options, storage).model is not None


@every_kind
def test_a_failed_save_leaves_what_was_there(trained, monkeypatch):
    component, _, storage = trained
    before = contents(storage)

    def fail(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(type(component.model), "save", fail)
    with pytest.raises(OSError, match="no space left"):
        component.persist()
    assert contents(storage) == before


@every_kind
@pytest.mark.parametrize("is_finetuning", [False, True])
def test_the_configuration_of_a_trained_component_can_be_used_again(
    trained, is_finetuning
):
    component, _, storage = trained
    used = getattr(component, "component_config", None) or component.config
    for config in (used, copy.deepcopy(used)):
        again = load(type(component), config, storage, is_finetuning)
        assert weights_of(again) == weights_of(component)
    assert create(type(component), used, storage).model is None


@every_kind
def test_the_trained_component_answers_like_the_loaded_one(trained, kind, data_of):
    component, options, storage = trained
    data = data_of(kind)
    loaded = load(type(component), options, storage)
    assert said(component, data) == said(loaded, data)


@every_kind
def test_a_component_can_be_loaded_while_another_trains(
    trained, kind, data_of, tmp_path_factory
):
    component, options, storage = trained
    data = data_of(kind)
    expected = said(component, data)
    other = tmp_path_factory.mktemp("other")
    training = threading.Thread(
        target=train, args=(type(component), {**options, "epochs": 20}, other, data)
    )
    training.start()
    answers = []
    while training.is_alive() or not answers:
        answers.append(said(load(type(component), options, storage), data))
    training.join()
    assert all(answer == expected for answer in answers)
    again = tmp_path_factory.mktemp("again")
    train(type(component), {**options, "epochs": 20}, again, data)
    beside, alone = (load(type(component), options, path) for path in (other, again))
    assert weights_of(beside) == weights_of(alone)


@every_kind
def test_a_resource_that_was_never_written_is_refused(trained, tmp_path_factory):
    component, options, _ = trained
    with pytest.raises(RasaException, match="train it again"):
        load(type(component), options, tmp_path_factory.mktemp("empty"))


def said(component, data):
    """Everything that a component says about its training data, in full precision."""
    if not hasattr(data, "trackers"):
        messages = data.messages("fly from berlin to rome", "what is your name", "")
        answers = [component.process([message])[0] for message in messages]
        keys = ("intent", "intent_ranking", "entities", "response_selector")
        return [[answer.get(key) for key in keys] for answer in answers]
    return [
        [prediction.probabilities, prediction.action_metadata]
        for prediction in predictions_of_turns(component, data)
    ]
