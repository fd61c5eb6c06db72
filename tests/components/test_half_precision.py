"""`save_half_precision` halves the weights on disk and hardly changes answers."""

from __future__ import annotations

import numpy as np
import pytest
from data_factory import (
    answers_of_diet,
    load_diet,
    load_ted,
    train_diet,
    train_ted,
)

from rasa_randconn import RandConnDIETClassifier, RandConnUnexpecTEDIntentPolicy
from rasa_randconn.storage import read_weights


@pytest.fixture(scope="module")
def trained(featurizers, tmp_path_factory):
    def train(**options):
        storage = tmp_path_factory.mktemp("half_precision")
        options = {"epochs": 3, **options}
        data = featurizers.training_data
        diet = train_diet(RandConnDIETClassifier, options, storage, data)
        loaded = load_diet(RandConnDIETClassifier, options, storage)
        (path,) = (storage / "model").glob("*.weights.safetensors")
        return diet, loaded, read_weights(path)[0]

    return {is_half: train(save_half_precision=is_half) for is_half in (False, True)}


def test_weights_are_stored_in_half_the_bytes(trained):
    whole, half = trained[False][2], trained[True][2]
    assert {path: array.nbytes for path, array in whole.items()} == {
        path: 2 * array.nbytes for path, array in half.items()
    }


def test_a_loaded_component_computes_with_the_rounded_weights(trained):
    diet, loaded, stored = trained[True]
    for path, array in loaded.model.parameters.arrays().items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, stored[path].astype(np.float32))
        np.testing.assert_array_equal(array, diet.model.parameters[path].array)


def test_the_default_loads_exactly_what_was_trained(trained):
    diet, loaded, _ = trained[False]
    for path, array in loaded.model.parameters.arrays().items():
        np.testing.assert_array_equal(array, diet.model.parameters[path].array)


def test_answers_stay_close(trained, featurizers):
    diet, loaded, _ = trained[True]
    (exact,) = answers_of_diet(diet, featurizers, "hello")
    (rounded,) = answers_of_diet(loaded, featurizers, "hello")
    assert exact["intent"]["name"] == rounded["intent"]["name"]
    assert exact["intent"]["confidence"] == pytest.approx(
        rounded["intent"]["confidence"], abs=5e-3
    )


def test_thresholds_of_unlikely_intents_are_those_of_the_stored_weights(
    intent_talk, tmp_path, monkeypatch
):
    kind, seen = RandConnUnexpecTEDIntentPolicy, {}
    compute = kind.compute_label_quantiles_post_training

    def look_and_compute(self, *args):
        arrays = self.model.parameters.arrays()
        seen.update({path: array.copy() for path, array in arrays.items()})
        return compute(self, *args)

    monkeypatch.setattr(kind, "compute_label_quantiles_post_training", look_and_compute)
    options = {"save_half_precision": True}
    train_ted(kind, options, tmp_path, intent_talk)
    loaded = load_ted(kind, options, tmp_path).model.parameters.arrays()
    assert set(seen) == set(loaded)
    for path, array in loaded.items():
        np.testing.assert_array_equal(array, seen[path])
