"""Loading restores every weight and every connection, or it fails."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.storage import ModelFileError, read_weights, write_weights


@pytest.fixture
def trained(our_model):
    return our_model


def _values(model):
    return {path: v.numpy() for path, v in model.variables_by_path().items()}


def _weights_file(trained):
    (path,) = trained.folder.glob("*.weights.safetensors")
    return path


def test_every_variable_and_connection_is_restored(trained, our_loaded_model):
    expected = _values(trained.component.model)
    model = our_loaded_model.model
    assert model is not trained.component.model
    restored = _values(model)
    assert set(restored) == set(expected)
    for path, value in expected.items():
        assert value.dtype == restored[path].dtype, path
        assert value.tobytes() == restored[path].tobytes(), path

    expected_layers = trained.component.model.randomly_connected_layers()
    restored_layers = model.randomly_connected_layers()
    assert set(restored_layers) == set(expected_layers)
    for path, layer in expected_layers.items():
        np.testing.assert_array_equal(
            layer.connectivity.mask(), restored_layers[path].connectivity.mask()
        )


def test_no_variable_of_the_model_is_forgotten(trained):
    model = trained.component.model
    saved = {id(variable) for variable in model.variables_by_path().values()}
    metrics = {id(v) for metric in model.metrics for v in metric.variables}
    forgotten = [
        variable.name
        for variable in model.variables
        if id(variable) not in saved | metrics
    ]
    assert forgotten == []
    stored, _ = read_weights(_weights_file(trained))
    assert set(stored) == set(model.variables_by_path())


@pytest.fixture
def rewritten(trained, tmp_path):
    """Writes changed weights to a new file and loads them into the model."""
    variables, layers = read_weights(_weights_file(trained))
    model = trained.component.model
    before = _values(model)

    def rewrite(change):
        change(variables, layers)
        write_weights(tmp_path / "x.weights.safetensors", variables, layers)
        with pytest.raises(ModelFileError) as caught:
            model.load_weights(str(tmp_path / "x.tf_model"))
        return str(caught.value)

    yield rewrite
    for path, variable in model.variables_by_path().items():
        variable.assign(before[path])


def test_a_weights_file_that_lacks_a_variable_is_refused(rewritten):
    dropped = []

    def drop_one(variables, layers):
        dropped.append(min(variables))
        del variables[dropped[0]]

    message = rewritten(drop_one)
    assert dropped[0] in message


def test_a_weights_file_with_an_unknown_variable_is_refused(rewritten):
    def add_one(variables, layers):
        variables["a/stranger"] = np.zeros(3, np.float32)

    assert "a/stranger" in rewritten(add_one)


def test_a_weights_file_that_lacks_a_layer_is_refused(rewritten):
    dropped = []

    def drop_one(variables, layers):
        dropped.append(sorted(layers)[0])
        del layers[dropped[0]]

    message = rewritten(drop_one)
    assert dropped[0] in message


def test_a_weight_of_another_shape_is_refused(rewritten):
    def widen(variables, layers):
        name = sorted(set(variables) - {f"{n}/kernel" for n in layers})[0]
        variables[name] = np.zeros((3, *variables[name].shape), np.float32)

    assert "does not fit" in rewritten(widen)


def test_connections_of_another_layer_are_refused(rewritten):
    swapped = []

    def swap(variables, layers):
        by_size = {}
        for name, layer in layers.items():
            size = layer.connectivity.inputs, layer.connectivity.units
            by_size.setdefault(size, name)
        swapped.extend(list(by_size.values())[:2])
        first, second = swapped
        layers[first], layers[second] = layers[second], layers[first]

    message = rewritten(swap)
    assert any(name in message for name in swapped)
