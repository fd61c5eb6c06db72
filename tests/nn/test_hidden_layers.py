"""Randomly connected layers outside of the encoder."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.autodiff import Tape, Value
from rasa_randconn.connections import PATTERNS
from rasa_randconn.nn.hidden_layers import HiddenLayers

INPUTS = 10

every_pattern = pytest.mark.parametrize("pattern", PATTERNS)


@pytest.fixture
def make(make_parameters):
    def make(sizes, dropout_rate=0.0, pattern="grouped", l2=0.0):
        parameters = make_parameters(0.3, pattern)
        layers = HiddenLayers(INPUTS, sizes, dropout_rate, l2, parameters, "ffnn.text")
        return layers, parameters

    return make


@every_pattern
@pytest.mark.parametrize("count", [1, 12, 40])
def test_layers_follow_one_another_with_gelu(make, normal, pattern, count):
    hidden, parameters = make([16, 8], pattern=pattern)
    rows = normal(count, INPUTS)
    for path in parameters.layers:
        bias = parameters[f"{path}/bias"].array
        bias += normal(*bias.shape)
    outputs = hidden(Tape(), Value(rows)).array
    assert outputs.shape == (count, 8) and hidden.units == 8
    for path, layer in parameters.layers.items():
        kernel = layer.connectivity.unpack(parameters[f"{path}/kernel"].array)
        rows = tf.nn.gelu(rows @ kernel + parameters[f"{path}/bias"].array).numpy()
    np.testing.assert_allclose(outputs, rows, atol=1e-5)


@every_pattern
@pytest.mark.parametrize("dropout_rate", [0.0, 0.3])
def test_gradients_are_slopes(
    make, normal, pattern, dropout_rate, assert_gradients_are_slopes
):
    hidden, parameters = make([16, 8], dropout_rate, pattern)
    rows = Value(normal(12, INPUTS))
    sources = [rows, *parameters]
    assert len(sources) == 5
    assert_gradients_are_slopes(lambda tape: hidden(tape, rows), sources)


def test_dropout_works_in_training_only(make, normal, in_training):
    hidden, _ = make([64], dropout_rate=0.5)
    rows = Value(normal(4, INPUTS))
    outputs = hidden(Tape(), rows).array
    assert (outputs != 0).all()
    dropped = hidden(in_training(), rows).array
    is_kept = dropped != 0
    assert 0.3 < is_kept.mean() < 0.7
    np.testing.assert_allclose(dropped[is_kept], 2 * outputs[is_kept])


def test_layers_and_passes_drop_other_units(make, normal, in_training):
    hidden, _ = make([64], dropout_rate=0.5)
    rows, tape = Value(normal(4, INPUTS)), in_training()
    first, second = (hidden(tape, rows).array != 0 for _ in range(2))
    assert (first != second).any()


def test_no_layers_are_the_identity(make, normal, in_training):
    hidden, parameters = make([], dropout_rate=0.5)
    rows = Value(normal(4, INPUTS))
    assert hidden(in_training(), rows) is rows
    assert hidden.units == INPUTS and not list(parameters)


def test_every_kernel_has_the_density_and_the_regularisation(make):
    _, parameters = make([16, 8], l2=0.5)
    counts = [layer.connectivity.count for layer in parameters.layers.values()]
    assert counts == [3 * 16, 5 * 8]
    kernels = [parameters[f"{path}/kernel"].array for path in parameters.layers]
    expected = sum(0.5 * np.square(kernel).sum() for kernel in kernels)
    assert parameters.regularization_loss == pytest.approx(expected, 1e-5)


def test_layers_at_several_places_have_patterns_of_their_own(make):
    _, parameters = make([10, 10])
    first, second = (x.connectivity.mask() for x in parameters.layers.values())
    assert (first != second).any()
