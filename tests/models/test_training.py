"""What trainings report, and that they can be repeated."""

from __future__ import annotations

import numpy as np
from data_factory import eagerly, train_diet

from rasa_randconn import RandConnDIETClassifier

INTENTS_ONLY = {"entity_recognition": False}


def test_the_progress_of_diet_is_that_of_stock(our_diet, stock_diet):
    ours = our_diet.component.model.history.history
    stock = stock_diet.component.model.history.history
    assert set(ours) == set(stock)
    assert {"t_loss", "i_acc", "e_f1"} <= set(ours)
    assert np.isfinite([values for values in ours.values()]).all()


def test_the_progress_of_ted_names_what_stock_names(our_ted):
    history = our_ted.component.model.history.history
    assert {"t_loss", "loss", "acc"} <= set(history)
    assert np.isfinite([values for values in history.values()]).all()


def _model(featurizers, storage, **options):
    storage.mkdir()
    with eagerly():
        diet = train_diet(
            RandConnDIETClassifier,
            {**INTENTS_ONLY, **options},
            storage,
            featurizers.training_data,
        )
    return diet.model


def _masks(model):
    layers = model.randomly_connected_layers()
    return {name: layer.connectivity.mask() for name, layer in layers.items()}


def test_the_seed_decides_on_weights_and_connections(featurizers, tmp_path):
    first = _model(featurizers, tmp_path / "a", random_seed=3)
    again = _model(featurizers, tmp_path / "b", random_seed=3)
    other = _model(featurizers, tmp_path / "c", random_seed=4)

    repeated = again.variables_by_path()
    for name, variable in first.variables_by_path().items():
        assert variable.numpy().tobytes() == repeated[name].numpy().tobytes(), name
    masks, same, different = _masks(first), _masks(again), _masks(other)
    assert all((masks[name] == same[name]).all() for name in masks)
    sparse = [name for name, mask in masks.items() if not mask.all()]
    assert sparse
    assert all((masks[name] != different[name]).any() for name in sparse)


def test_training_does_not_change_the_connections(featurizers, tmp_path, monkeypatch):
    drawn, kernels = {}, {}
    model_class = RandConnDIETClassifier.model_class()
    build = model_class.build_variables

    def build_and_remember(model, data):
        build(model, data)
        drawn.update(_masks(model))
        kernels.update(
            {name: v.numpy() for name, v in model.variables_by_path().items()}
        )

    monkeypatch.setattr(model_class, "build_variables", build_and_remember)
    model = _model(featurizers, tmp_path / "a", epochs=3)
    masks = _masks(model)
    assert drawn
    assert set(masks) == set(drawn)
    assert all((masks[name] == drawn[name]).all() for name in drawn)
    for name in (f"{layer}/kernel" for layer in drawn):
        trained = model.variables_by_path()[name].numpy()
        assert (trained != kernels[name]).any(), "the weights on them are trained"
