"""Loading restores every weight and every connection, or it fails."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.storage import ModelFileError, read_weights, write_weights


@pytest.fixture
def trained(our_model):
    return our_model


def _values(model):
    return {path: a.copy() for path, a in model.parameters.arrays().items()}


def _weights_file(trained):
    (path,) = trained.folder.glob("*.weights.safetensors")
    return path


def _assert_restored(model, values, layers):
    restored = model.parameters.arrays()
    assert set(restored) == set(values)
    for path, value in values.items():
        assert value.dtype == restored[path].dtype, path
        assert value.tobytes() == restored[path].tobytes(), path
    restored_layers = model.parameters.layers
    assert set(restored_layers) == set(layers)
    for path, layer in layers.items():
        np.testing.assert_array_equal(
            layer.connectivity.mask(), restored_layers[path].connectivity.mask()
        )
        assert layer.density == restored_layers[path].density


def test_every_weight_and_connection_is_restored(trained, our_loaded_model):
    expected, model = trained.component.model, our_loaded_model.model
    assert model is not expected
    _assert_restored(model, _values(expected), expected.parameters.layers)


def test_no_weight_of_the_model_is_forgotten(trained):
    model = trained.component.model
    metrics = {id(v) for metric in model.metrics for v in metric.variables}
    assert [v.name for v in model.variables if id(v) not in metrics] == []
    stored, layers = read_weights(_weights_file(trained))
    _assert_restored(model, stored, layers)


@pytest.fixture
def rewritten(trained, tmp_path):
    """Writes changed weights to a new file and loads them into the model."""
    weights, layers = read_weights(_weights_file(trained))
    model = trained.component.model
    before = _values(model), dict(model.parameters.layers)

    def rewrite(change):
        change(weights, layers)
        write_weights(tmp_path / "x.weights.safetensors", weights, layers)
        with pytest.raises(ModelFileError) as caught:
            model.load_weights(str(tmp_path / "x.tf_model"))
        _assert_restored(model, *before)
        return str(caught.value)

    return rewrite


def test_a_weights_file_that_lacks_a_weight_is_refused(rewritten):
    dropped = []

    def drop_one(weights, layers):
        dropped.append(min(weights))
        del weights[dropped[0]]

    message = rewritten(drop_one)
    assert dropped[0] in message


def test_a_weights_file_with_an_unknown_weight_is_refused(rewritten):
    def add_one(weights, layers):
        weights["a/stranger"] = np.zeros(3, np.float32)

    assert "a/stranger" in rewritten(add_one)


def test_a_weights_file_that_lacks_a_layer_is_refused(rewritten):
    dropped = []

    def drop_one(weights, layers):
        dropped.append(sorted(layers)[0])
        del layers[dropped[0]]

    message = rewritten(drop_one)
    assert dropped[0] in message


def test_a_weight_of_another_shape_is_refused(rewritten):
    def widen(weights, layers):
        name = sorted(set(weights) - {f"{n}/kernel" for n in layers})[0]
        weights[name] = np.zeros((3, *weights[name].shape), np.float32)

    assert "does not fit" in rewritten(widen)


def test_connections_of_another_layer_are_refused(rewritten):
    swapped = []

    def swap(weights, layers):
        by_size = {}
        for name, layer in layers.items():
            size = layer.connectivity.inputs, layer.connectivity.units
            by_size.setdefault(size, name)
        swapped.extend(list(by_size.values())[:2])
        first, second = swapped
        layers[first], layers[second] = layers[second], layers[first]

    message = rewritten(swap)
    assert any(name in message for name in swapped)


def test_a_refused_file_leaves_the_model_as_it_was(rewritten, trained):
    model = trained.component.model
    network = model.network
    rewritten(lambda weights, layers: weights.popitem())
    assert model.network is network
