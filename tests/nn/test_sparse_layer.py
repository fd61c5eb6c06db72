"""Sparse rows against SciPy's products."""

from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.autodiff import Tape
from rasa_randconn.kernels import in_parallel
from rasa_randconn.nn import operations, sparse_layer

TOKENS = 204


def test_a_sparse_layer_multiplies_and_adds_a_bias(
    make_sparse, make_sparse_rows, multiplied
):
    layer, rows = make_sparse(), make_sparse_rows(TOKENS)
    found = layer(Tape(), rows).array
    np.testing.assert_allclose(found, multiplied(rows, layer), atol=1e-5)


@pytest.mark.parametrize("rates", [(0.0, 0.0), (0.3, 0.2)])
def test_gradients_of_a_sparse_layer_are_slopes(
    make_sparse, rates, assert_gradients_are_slopes, make_sparse_rows
):
    layer, rows = make_sparse(*rates), make_sparse_rows(TOKENS)
    assert layer.kernel.l2 == 0.01
    assert_gradients_are_slopes(
        lambda tape: layer(tape, rows), [layer.kernel, layer.bias]
    )


def test_features_and_units_are_dropped_in_training_only(
    make_sparse, in_training, make_sparse_rows
):
    layer, rows = make_sparse(0.5, 0.5), make_sparse_rows(TOKENS)
    plain = layer(Tape(), rows).array
    measured = layer(Tape(np.random.default_rng(1)), rows).array
    np.testing.assert_array_equal(measured, plain)
    dropped = layer(in_training(), rows).array
    assert 0.4 < (dropped == 0).mean() < 0.6
    only_units, only_features = (make_sparse(*rates) for rates in ((0, 0.5), (0.5, 0)))
    for other in (only_units, only_features):
        other.bias.array[...] = layer.bias.array
    found = only_units(in_training(), rows).array
    np.testing.assert_allclose(found[found != 0], 2 * plain[found != 0], rtol=1e-5)
    found = only_features(in_training(), rows).array
    assert (found != 0).all() and (found != plain).any()


by_rows = pytest.mark.parametrize("make_sparse", ["by rows"], indirect=True)


@pytest.mark.parametrize("rates", [(0.0, 0.0), (0.3, 0.2)])
def test_outputs_are_the_same_in_one_piece_and_in_many(
    rates, make_sparse, in_training, monkeypatch, make_sparse_rows
):
    layer, rows = make_sparse(*rates), make_sparse_rows(TOKENS)
    sizes = []

    def counted(function, pieces):
        sizes.append(len(pieces))
        return in_parallel(function, pieces)

    monkeypatch.setattr(sparse_layer, "in_parallel", counted)
    whole = layer(in_training(), rows).array
    monkeypatch.setattr(sparse_layer, "_PRODUCTS_PER_PIECE", 1000)
    np.testing.assert_array_equal(layer(in_training(), rows).array, whole)
    assert sizes[0] == 1 and sizes[1] > 2


@by_rows
def test_training_says_which_rows_of_the_kernel_it_reads(
    make_sparse, in_training, make_sparse_rows
):
    layer, rows, asked = make_sparse(), make_sparse_rows(5), []

    def prepare(kernel, needed):
        asked.append(kernel)
        np.testing.assert_array_equal(needed, np.unique(rows.indices))

    tape = in_training(prepare_rows=prepare)
    outputs = layer(tape, rows)
    assert asked == [layer.kernel]
    outputs.add_gradient(np.ones_like(outputs.array))
    tape.backward()
    gradient = layer.kernel.row_gradient
    np.testing.assert_array_equal(gradient.rows, np.unique(rows.indices))


@by_rows
def test_features_that_are_dropped_are_not_read(
    make_sparse, in_training, make_sparse_rows
):
    layer, rows, asked = make_sparse(0.9, 0.0), make_sparse_rows(5), []
    tape = in_training(prepare_rows=lambda kernel, needed: asked.extend(needed))
    layer(tape, rows)
    assert 0 < len(asked) < len(np.unique(rows.indices))
    assert set(asked) < set(rows.indices)


def test_gradients_of_several_products_add_up(
    make_sparse, assert_gradients_are_slopes, make_sparse_rows
):
    layer = make_sparse(0.3, 0.2)
    one, other = make_sparse_rows(TOKENS, 1), make_sparse_rows(TOKENS, 2)

    def compute(tape):
        return operations.concatenate(tape, [layer(tape, one), layer(tape, other)])

    assert_gradients_are_slopes(compute, [layer.kernel, layer.bias])
