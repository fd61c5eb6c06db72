"""Trainings whose numbers leave the finite ones, and options that would lead there."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy
from data_factory import load_diet, load_ted, train_diet, train_ted
from rasa.shared.exceptions import InvalidConfigException, RasaException

from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy
from rasa_randconn.components.errors import ComponentFileError
from rasa_randconn.stock.network_model import TrainingError


def test_a_training_that_diverges_ends_at_once(featurizers, tmp_path):
    options = {"learning_rate": 1e20, "epochs": 5}
    with pytest.raises(TrainingError) as caught:
        train_diet(RandConnDIETClassifier, options, tmp_path, featurizers.training_data)
    assert isinstance(caught.value, RasaException)
    message = str(caught.value)
    assert "RandConnDIET" in message and "in epoch" in message
    assert "'learning_rate: 1e+20' is too high" in message
    assert not list((tmp_path / "model").glob("*.safetensors"))


def test_a_policy_that_diverges_ends_at_once(intent_talk, tmp_path):
    options = {"learning_rate": 1e20, "epochs": 5}
    with pytest.raises(TrainingError, match="in epoch"):
        train_ted(RandConnTEDPolicy, options, tmp_path, intent_talk)


@pytest.mark.parametrize(
    "option, value, allowed",
    [
        ("learning_rate", float("nan"), "a positive number, not nan"),
        ("learning_rate", float("inf"), "a positive number, not inf"),
        ("learning_rate", 0, "a positive number, not 0"),
        ("learning_rate", -0.1, "a positive number, not -0.1"),
        ("learning_rate", "high", "a positive number, not 'high'"),
        ("random_seed", -1, "a number from 0 to 4294967295, not -1"),
        ("random_seed", 2**32, "a number from 0 to 4294967295, not 4294967296"),
        ("random_seed", 0.5, "a whole number, not 0.5"),
        ("tensorboard_log_level", "sometimes", "one of epoch, batch, "),
    ],
)
def test_values_that_fail_late_in_stock_fail_at_the_start(
    option, value, allowed, featurizers, tmp_path
):
    with pytest.raises(InvalidConfigException, match=f"'{option}' must be {allowed}"):
        train_diet(
            RandConnDIETClassifier,
            {option: value},
            tmp_path,
            featurizers.training_data,
        )


@pytest.mark.parametrize(
    "old, new", [("epochs", "epoch"), ("minibatch", "batch"), ("epoch", "epoch")]
)
def test_levels_of_tensorboard_have_their_names_of_rasa_1_too(
    old, new, featurizers, tmp_path
):
    logs = tmp_path / "logs"
    options = {
        "tensorboard_log_level": old,
        "tensorboard_log_directory": str(logs),
        "epochs": 2,
    }
    diet = train_diet(
        RandConnDIETClassifier, options, tmp_path, featurizers.training_data
    )
    assert diet.component_config["tensorboard_log_level"] == new
    assert list(logs.rglob("events*"))


def test_a_checkpoint_is_there_if_no_validation_was_due(featurizers, tmp_path):
    options = {
        "checkpoint_model": True,
        "epochs": 2,
        "evaluate_every_number_of_epochs": 20,
        "evaluate_on_number_of_examples": 3,
    }
    train_diet(RandConnDIETClassifier, options, tmp_path, featurizers.training_data)
    assert load_diet(RandConnDIETClassifier, options, tmp_path).model is not None


def test_weights_too_large_for_half_precision_are_not_saved(featurizers, tmp_path):
    diet = train_diet(
        RandConnDIETClassifier,
        {"save_half_precision": True},
        tmp_path,
        featurizers.training_data,
    )
    parameter = next(iter(diet.model.parameters))
    parameter.array.flat[0] = 1e5
    with pytest.raises(TrainingError, match=r"too large for 16 bits"):
        diet.model.round_to_half_precision()


def test_weights_that_are_not_finite_are_refused_on_load(featurizers, tmp_path):
    train_diet(RandConnDIETClassifier, {}, tmp_path, featurizers.training_data)
    from rasa_randconn.storage import write_manifest

    (path,) = (tmp_path / "model").glob("*.weights.safetensors")
    with safetensors.safe_open(str(path), framework="np") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    name = next(name for name in tensors if name.endswith("kernel"))
    tensors[name].flat[3] = np.nan
    safetensors.numpy.save_file(tensors, str(path), metadata=metadata)
    write_manifest(tmp_path / "model", "RandConnDIETClassifier", is_trained=True)
    with pytest.raises(ComponentFileError, match="not finite"):
        load_diet(RandConnDIETClassifier, {}, tmp_path)


def test_a_trained_policys_config_can_be_used_again(intent_talk, tmp_path):
    """Keras wraps the dictionaries of attributes; ours stay what they are."""
    ted = train_ted(RandConnTEDPolicy, {}, tmp_path, intent_talk)
    assert type(ted.config["transformer_size"]) is dict
    again = load_ted(RandConnTEDPolicy, ted.config, tmp_path)
    assert again.model is not None
