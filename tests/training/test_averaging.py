"""Weights are averaged over the epochs that were taken in."""

from __future__ import annotations

import numpy as np
from data_factory import train_diet

from rasa_randconn import RandConnDIETClassifier
from rasa_randconn.autodiff import Parameters
from rasa_randconn.connections import LAYER_KINDS, ConnectionSettings
from rasa_randconn.training import trainer
from rasa_randconn.training.averaging import WeightAverage


def _parameters():
    return Parameters(ConnectionSettings(dict.fromkeys(LAYER_KINDS, 0.2), "grouped", 1))


def test_the_mean_replaces_the_weights_in_place():
    parameters = _parameters()
    array = parameters.constant("a", (3,), 1.0).array
    average = WeightAverage(parameters)
    for value in (1.0, 2.0, 6.0):
        array[:] = value
        average.add()
    replaced = average.apply()
    np.testing.assert_array_equal(replaced["a"], np.full(3, 6.0, np.float32))
    np.testing.assert_array_equal(parameters["a"].array, np.full(3, 3.0, np.float32))
    assert parameters["a"].array is array


def test_without_an_epoch_the_weights_stay():
    parameters = _parameters()
    parameters.constant("a", (3,), 5.0)
    WeightAverage(parameters).apply()
    np.testing.assert_array_equal(parameters["a"].array, np.full(3, 5.0, np.float32))


def test_weights_that_are_not_trained_stay():
    parameters = _parameters()
    fixed = parameters.glorot_uniform("a", (2, 2), is_trainable=False)
    before = fixed.array.copy()
    average = WeightAverage(parameters)
    average.add()
    fixed.array[...] = before
    average.apply()
    np.testing.assert_array_equal(fixed.array, before)


def test_a_training_averages_the_last_epochs_only(featurizers, tmp_path, monkeypatch):
    # the mean of so few steps would lack accuracy
    monkeypatch.setattr(trainer, "_MOST_LACKING", {"acc": 1.0, "f1": 1.0})

    def weights(name, **options):
        storage = tmp_path / name
        storage.mkdir()
        data = featurizers.training_data
        diet = train_diet(RandConnDIETClassifier, options, storage, data)
        return diet.model.parameters.arrays()

    last = [weights(f"{n}", epochs=n, averaged_epochs=0) for n in (1, 2)]
    mean = weights("mean", epochs=2, averaged_epochs=1.0)
    half = weights("half", epochs=2, averaged_epochs=0.5)
    for path, array in mean.items():
        expected = (last[0][path] + last[1][path]) / 2
        np.testing.assert_allclose(array, expected, atol=1e-6, err_msg=path)
        np.testing.assert_array_equal(half[path], last[1][path], err_msg=path)
