"""The scripts about the article's open questions do what they say."""

from __future__ import annotations

import tarfile

import numpy as np
import pytest
import rasa.model_training
from data_factory import NLU, OUR_DIET, TINY_DIET, train_diet, write_nlu_bot

from benchmarks.article import curves, pruning, spread
from benchmarks.article.convergence import MEASURES, tables
from benchmarks.article.input_layers import (
    FrozenInputsDIETClassifier,
    RandomInputsDIETClassifier,
)
from rasa_randconn import RandConnDIETClassifier
from rasa_randconn.stock.diet_model import RandConnDIET
from rasa_randconn.storage import read_weights

INTENTS = {"entity_recognition": False, "epochs": 3}


def _input_kernels(model):
    paths = model._factory.sparse_kernels
    return {path: model.parameters[path].array for path in paths}


@pytest.fixture
def initial_kernels(monkeypatch):
    """Kernels of sparse features as they were before the training."""
    kernels = {}
    fit = RandConnDIET.fit

    def remember_and_fit(self, *args, **kwargs):
        self.network  # noqa: B018, made when it is first asked for
        kernels.update({path: a.copy() for path, a in _input_kernels(self).items()})
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(RandConnDIET, "fit", remember_and_fit)
    return kernels


def test_frozen_input_layers_keep_their_weights(featurizers, initial_kernels, tmp_path):
    frozen = train_diet(
        FrozenInputsDIETClassifier, INTENTS, tmp_path, featurizers.training_data
    ).model
    trained = _input_kernels(frozen)
    assert set(trained) == set(initial_kernels)
    assert trained
    for path, kernel in trained.items():
        np.testing.assert_array_equal(kernel, initial_kernels[path])


@pytest.mark.parametrize(
    "component, fraction",
    [(RandomInputsDIETClassifier, 0.25), (RandConnDIETClassifier, 1.0)],
)
def test_randomly_connected_input_layers_train_only_the_weights_that_exist(
    component, fraction, featurizers, initial_kernels, tmp_path
):
    options = {**INTENTS, "connection_density": 0.25}
    data = featurizers.training_data
    model = train_diet(component, options, tmp_path, data).model
    for path, kernel in _input_kernels(model).items():
        exists = initial_kernels[path] != 0
        assert exists.mean() == pytest.approx(fraction, abs=0.1)
        assert not kernel[~exists].any()
        assert (kernel != initial_kernels[path]).any()


def test_pruning_keeps_the_largest_weights_and_rasa_loads_the_model(tmp_path):
    options = {**TINY_DIET, "connection_density": 1.0}
    bot = write_nlu_bot(tmp_path, {"name": OUR_DIET, **options}, nlu=NLU)
    archive = rasa.model_training.train_nlu(
        str(bot / "config.yml"), str(bot / "nlu.yml"), str(bot / "models")
    )
    pruning.prune(archive, 0.25, tmp_path / "pruned.tar.gz")

    def weights(path, name):
        with tarfile.open(path) as tar:
            tar.extractall(tmp_path / name)
        (file,) = (tmp_path / name).glob("components/*/*.weights.safetensors")
        return read_weights(file)

    before, layers = weights(archive, "before")
    after, _ = weights(tmp_path / "pruned.tar.gz", "after")
    assert layers
    for layer in layers:
        old, new = before[f"{layer}/kernel"], after[f"{layer}/kernel"]
        kept = new != 0
        assert kept.mean() == pytest.approx(0.25, abs=0.05)
        np.testing.assert_array_equal(new[kept], old[kept])
        assert np.abs(old[~kept]).max() <= np.abs(old[kept]).min()
    from rasa.core.agent import Agent

    assert Agent.load(str(tmp_path / "pruned.tar.gz")).is_ready()


def test_curves_are_those_of_the_training(featurizers, tmp_path):
    folder, storage = tmp_path / "curves", tmp_path / "model"
    storage.mkdir()
    options = {
        "epochs": 3,
        "tensorboard_log_directory": str(folder),
        "evaluate_on_number_of_examples": 5,
        "evaluate_every_number_of_epochs": 1,
    }
    data = featurizers.training_data
    diet = train_diet(RandConnDIETClassifier, options, storage, data)
    history = diet.model.history.history
    found = curves.read(folder)
    for name in ("t_loss", "i_acc", *MEASURES):
        assert found[name] == pytest.approx(history[name], abs=1e-6), name


def test_a_table_holds_means_deviations_and_epochs():
    curve = [0.1, 0.5, 0.96, 1.0]
    runs = [dict.fromkeys(MEASURES, curve), dict.fromkeys(MEASURES, curve[::-1])]
    faster = [dict.fromkeys(MEASURES, curve[1:]), dict.fromkeys(MEASURES, curve[::-1])]
    made = tables({1.0: runs, 0.2: faster}, epochs=3)
    *by_measure, reached = made
    assert [table.title for table in by_measure] == list(MEASURES)
    columns = [list(column.cells) for column in by_measure[1].columns]
    assert columns[0] == ["1", "1", "3", "3"]
    assert columns[1:3] == [["1", "0.2"] * 2, ["2"] * 4]
    assert columns[3][0].startswith("0.5500, sd 0.6364")
    dense, sparse = zip(*(list(column.cells) for column in reached.columns))
    assert dense == ("1", "2", *["2.0 [-10.7, 14.7]", ""] * 2)
    assert sparse == ("0.2", "2", *["1.5 [-4.9, 7.9]", "-0.5 [-6.9, 5.9]"] * 2)


@pytest.mark.parametrize(
    "curve, expected", [([0.5, 0.96, 0.9, 1.0], 4), ([1.0, 1.0], 1)]
)
def test_the_epoch_is_found_from_which_on_a_curve_stays_near_its_end(curve, expected):
    assert spread.epochs_to(curve) == expected


def test_a_mean_difference_is_paired():
    value, low, high = spread.mean_difference([0.9, 0.8, 0.85], [0.7, 0.7, 0.8])
    assert low < value < high
    assert value == pytest.approx(0.35 / 3)


def test_different_spreads_are_told_apart():
    narrow, wide = [1.0, 1.1, 0.9, 1.0, 1.05], [1.0, 3.0, -2.0, 5.0, -4.0]
    assert spread.same_spread(narrow, wide) < 0.05 < spread.same_spread(wide, wide)
