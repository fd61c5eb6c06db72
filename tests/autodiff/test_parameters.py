"""Random weights depend on seed and path, or taken exactly from what was stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rasa_randconn.autodiff import Parameters, RowParameter
from rasa_randconn.connections import LAYER_KINDS, PATTERNS, ConnectionSettings

DENSITY = 0.25
every_pattern = pytest.mark.parametrize("pattern", PATTERNS)


def empty(
    seed: int = 1, pattern: str = "grouped", density: float = DENSITY, **stored: Any
) -> Parameters:
    densities = {kind: density for kind in LAYER_KINDS}
    return Parameters(ConnectionSettings(densities, pattern, seed), **stored)


def filled(parameters: Parameters, is_reversed: bool = False) -> Parameters:
    """Makes all kinds of weights, in one order or in the other."""
    makers = [
        lambda: parameters.glorot_uniform("a/kernel", (20, 30), l2=0.1),
        lambda: parameters.glorot_uniform("b/kernel", (20, 30)),
        lambda: parameters.glorot_uniform_rows("rows/kernel", (50, 8), 0.2),
        lambda: parameters.constant("a/bias", (30,), 0.5),
        lambda: parameters.connect("text/layer", LAYER_KINDS[0], 40, 32),
        lambda: parameters.connect("text/other_layer", LAYER_KINDS[0], 40, 32),
    ]
    for make in reversed(makers) if is_reversed else makers:
        make()
    return parameters


def stored_in(parameters: Parameters) -> Any:
    return {
        "stored": {path: array.copy() for path, array in parameters.arrays().items()},
        "stored_layers": dict(parameters.layers),
    }


def assert_same(found: Parameters, expected: Parameters) -> None:
    arrays = expected.arrays()
    assert set(found.arrays()) == set(arrays)
    for path, array in found.arrays().items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, arrays[path], path)
    assert set(found.layers) == set(expected.layers)
    for path, (connectivity, density) in expected.layers.items():
        assert found.layers[path].density == density
        np.testing.assert_array_equal(
            found.layers[path].connectivity.mask(), connectivity.mask(), path
        )


@every_pattern
def test_seed_and_path_decide_not_the_order(pattern: str) -> None:
    first = filled(empty(3, pattern))
    assert_same(filled(empty(3, pattern), is_reversed=True), first)
    arrays, others = first.arrays(), filled(empty(4, pattern)).arrays()
    assert (arrays["a/kernel"] != others["a/kernel"]).all()
    assert (arrays["a/kernel"] != arrays["b/kernel"]).all()
    first_mask, other_mask = (own.connectivity.mask() for own in first.layers.values())
    assert (first_mask != other_mask).any()


def test_dense_weights_are_drawn_as_keras_glorot_uniform_does() -> None:
    array = empty().glorot_uniform("a/kernel", (300, 500)).array
    limit = np.sqrt(6 / 800)
    assert -limit <= array.min() < -0.99 * limit
    assert 0.99 * limit < array.max() <= limit
    assert abs(array.mean()) < 0.01 * limit
    assert array.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)


def test_further_axes_count_as_the_receptive_field() -> None:
    array = empty().glorot_uniform("mask/vector", (5, 20, 30)).array
    assert np.abs(array).max() == pytest.approx(np.sqrt(6 / (5 * 50)), rel=0.02)


@every_pattern
def test_weights_of_connections_scale_with_the_connections_that_exist(
    pattern: str,
) -> None:
    kernel = empty(pattern=pattern).connect("a", LAYER_KINDS[0], 200, 240)
    connectivity = kernel.connectivity
    assert kernel.path == "a/kernel"
    assert kernel.array.shape == (connectivity.count,)
    limit = np.sqrt(6 / (connectivity.fan_in + connectivity.fan_out))
    assert limit > 1.5 * np.sqrt(6 / (200 + 240))
    assert np.abs(kernel.array).max() == pytest.approx(limit, rel=0.01)


def test_counts_are_those_of_existing_weights() -> None:
    parameters = filled(empty())
    parameters.glorot_uniform("fixed/kernel", (7, 7), is_trainable=False)
    connections = sum(own.connectivity.count for own in parameters.layers.values())
    assert parameters.number_of_connections == connections
    assert connections == pytest.approx(2 * 40 * 32 * DENSITY, rel=0.1)
    assert parameters.trainable_weights == connections + 2 * 600 + 400 + 30


def test_every_parameter_keeps_its_facts() -> None:
    parameters = filled(empty())
    assert parameters["a/kernel"].l2 == 0.1
    assert parameters["rows/kernel"].l2 == 0.2
    assert parameters["b/kernel"].is_trainable
    assert (parameters["a/bias"].array == 0.5).all()


def test_two_weights_cannot_have_one_path() -> None:
    parameters = filled(empty())
    with pytest.raises(ValueError, match="'a/kernel'"):
        parameters.glorot_uniform("a/kernel", (3, 3))


@every_pattern
def test_what_is_stored_is_taken_whatever_seed_and_density(pattern: str) -> None:
    expected = filled(empty(1, pattern))
    for parameter in expected:
        parameter.array += 1
    taken = filled(empty(9, pattern, 0.9, **stored_in(expected)))
    taken.require_nothing_left()
    assert_same(taken, expected)


@pytest.mark.parametrize("path", ["a/kernel", "a/bias", "text/layer/kernel"])
def test_a_missing_weight_is_named(path: str) -> None:
    stored = stored_in(filled(empty()))
    del stored["stored"][path]
    with pytest.raises(ValueError, match=f"'{path}' is missing"):
        filled(empty(**stored))


@pytest.mark.parametrize("path", ["a/kernel", "a/bias", "rows/kernel"])
def test_a_weight_of_another_shape_is_named(path: str) -> None:
    stored = stored_in(filled(empty()))
    stored["stored"][path] = np.zeros((3, 3), np.float32)
    with pytest.raises(ValueError, match=rf"'{path}' has the shape \[3, 3\]"):
        filled(empty(**stored))


def test_missing_connections_are_named() -> None:
    stored = stored_in(filled(empty()))
    del stored["stored_layers"]["text/layer"]
    with pytest.raises(ValueError, match="connections of 'text/layer' are missing"):
        filled(empty(**stored))


def test_connections_of_another_size_are_named() -> None:
    stored = stored_in(filled(empty()))
    connectivity = empty().connect("other", LAYER_KINDS[0], 8, 16).connectivity
    layer = stored["stored_layers"]["text/layer"]
    stored["stored_layers"]["text/layer"] = layer._replace(connectivity=connectivity)
    with pytest.raises(ValueError, match="'text/layer' connects 8 inputs with 16"):
        filled(empty(**stored))


@pytest.mark.parametrize("kind", ["stored", "stored_layers"])
def test_what_is_left_over_is_named(kind: str) -> None:
    stored = stored_in(filled(empty()))
    stored[kind]["a/stranger"] = next(iter(stored[kind].values()))
    parameters = filled(empty(**stored))
    with pytest.raises(ValueError, match="no 'a/stranger'"):
        parameters.require_nothing_left()


def test_gradients_add_up_without_changing_what_was_given() -> None:
    parameter = empty().glorot_uniform("a/kernel", (2, 2))
    first = np.ones((2, 2), np.float32)
    parameter.add_gradient(first)
    parameter.add_gradient(first)
    np.testing.assert_array_equal(parameter.gradient, 2 * first)
    np.testing.assert_array_equal(first, 1)


def test_large_kernels_are_updated_by_rows() -> None:
    parameters = empty()
    small = parameters.glorot_uniform_rows("small", (100, 8), 0.1)
    large = parameters.glorot_uniform_rows("large", (10_000, 8), 0.1)
    assert not isinstance(small, RowParameter)
    assert isinstance(large, RowParameter)
    assert small.l2 == large.l2 == 0.1
