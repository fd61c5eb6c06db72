"""What trainings report, and that they can be repeated."""

from __future__ import annotations

import numpy as np
import pytest
from data_factory import train_diet
from summaries import read_summaries

from rasa_randconn import RandConnDIETClassifier
from rasa_randconn.training.trainer import Trainer

INTENTS_ONLY = {"entity_recognition": False}


def test_the_metrics_of_diet_have_the_names_of_stock(our_diet, stock_diet):
    ours = our_diet.component.model.history.history
    stock = stock_diet.component.model.history.history
    assert set(ours) == set(stock)
    assert {"t_loss", "i_acc", "e_f1"} <= set(ours)
    assert np.isfinite([values for values in ours.values()]).all()


def test_ted_reports_finite_losses_and_accuracy(our_ted):
    history = our_ted.component.model.history.history
    assert {"t_loss", "loss", "acc"} <= set(history)
    assert np.isfinite([values for values in history.values()]).all()


def _model(featurizers, storage, **options):
    storage.mkdir()
    diet = train_diet(
        RandConnDIETClassifier,
        {**INTENTS_ONLY, **options},
        storage,
        featurizers.training_data,
    )
    return diet.model


def _masks(parameters):
    return {
        path: layer.connectivity.mask() for path, layer in parameters.layers.items()
    }


def test_the_seed_decides_on_weights_and_connections(featurizers, tmp_path):
    first = _model(featurizers, tmp_path / "a", random_seed=3).parameters
    again = _model(featurizers, tmp_path / "b", random_seed=3).parameters
    other = _model(featurizers, tmp_path / "c", random_seed=4).parameters

    repeated = again.arrays()
    for path, array in first.arrays().items():
        assert array.tobytes() == repeated[path].tobytes(), path
    masks, same, different = _masks(first), _masks(again), _masks(other)
    assert all((masks[path] == same[path]).all() for path in masks)
    sparse = [path for path, mask in masks.items() if not mask.all()]
    assert sparse
    assert all((masks[path] != different[path]).any() for path in sparse)


def test_training_does_not_change_the_connections(featurizers, tmp_path, monkeypatch):
    sampled, weights = {}, {}
    train = Trainer.train

    def remember_and_train(self, model, *args, **kwargs):
        sampled.update(_masks(model.parameters))
        weights.update({p: a.copy() for p, a in model.parameters.arrays().items()})
        return train(self, model, *args, **kwargs)

    monkeypatch.setattr(Trainer, "train", remember_and_train)
    parameters = _model(featurizers, tmp_path / "a", epochs=3).parameters
    masks = _masks(parameters)
    assert sampled
    assert set(masks) == set(sampled)
    assert all((masks[path] == sampled[path]).all() for path in sampled)
    for path in (f"{layer}/kernel" for layer in sampled):
        trained = parameters.arrays()[path]
        assert (trained != weights[path]).any(), "the weights on them are trained"


def test_tensorboard_gets_histograms_and_images_of_all_weights(featurizers, tmp_path):
    curves = tmp_path / "curves"
    options = {"tensorboard_log_directory": str(curves), "epochs": 11}
    parameters = _model(featurizers, tmp_path / "model", **options).parameters

    seen = {"histograms": {}, "images": {}}
    for summary in read_summaries(curves):
        if summary.plugin in seen:
            name = summary.tag.rpartition("/")[0]
            seen[summary.plugin].setdefault(name, {})[summary.step] = summary.array
    names = {f"{parameter.path}_0" for parameter in parameters}
    assert set(seen["histograms"]) == names
    assert {name for name in names if name.endswith("kernel_0")} <= set(seen["images"])
    for parameter in parameters:
        by_step = seen["histograms"][f"{parameter.path}_0"]
        assert sorted(by_step) == [0, 10]
        last = by_step[10]
        assert last[:, 2].sum() == pytest.approx(parameter.array.size)
    embedding = seen["histograms"][f"{next(iter(parameters.layers))}/kernel_0"]
    assert (embedding[0] != embedding[10]).any()
