from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.connections import PATTERNS
from rasa_randconn.keras import RandomlyConnectedDense

INPUTS, UNITS = 20, 12
constraints = tf.keras.constraints
initializers = tf.keras.initializers
regularizers = tf.keras.regularizers

every_pattern = pytest.mark.parametrize("pattern", PATTERNS)
every_density = pytest.mark.parametrize("density", [0.15, 0.5, 1.0])


def built(pattern, density, inputs=INPUTS, units=UNITS, **kwargs):
    layer = RandomlyConnectedDense(units, density, pattern, seed=3, **kwargs)
    layer.build([None, inputs])
    return layer


@every_pattern
@pytest.mark.parametrize(
    "initializer",
    [
        initializers.Constant(0.25),
        initializers.RandomUniform(seed=1),
        initializers.TruncatedNormal(seed=1),
        initializers.Orthogonal(seed=1),
        initializers.Identity(),
    ],
    ids=lambda initializer: type(initializer).__name__,
)
def test_unscaled_initialisers_keep_a_part_of_the_dense_kernel(pattern, initializer):
    layer = built(pattern, 0.3, kernel_initializer=initializer)
    dense = type(initializer)(**initializer.get_config())((INPUTS, UNITS))
    np.testing.assert_array_equal(layer.kernel, layer.connectivity.pack(dense.numpy()))


@every_pattern
@pytest.mark.parametrize("density", [0.05, 0.3, 1.0])
@pytest.mark.parametrize(
    "initializer, scale, mode",
    [
        (initializers.GlorotUniform(seed=1), 1, "fan_avg"),
        (initializers.GlorotNormal(seed=1), 1, "fan_avg"),
        (initializers.HeUniform(seed=1), 2, "fan_in"),
        (initializers.HeNormal(seed=1), 2, "fan_in"),
        (initializers.LecunNormal(seed=1), 1, "fan_in"),
        (initializers.VarianceScaling(3, "fan_out", "uniform", 1), 3, "fan_out"),
    ],
    ids=lambda value: type(value).__name__ if callable(value) else str(value),
)
def test_scaled_initialisers_use_the_existing_connections(
    pattern, density, initializer, scale, mode
):
    layer = built(pattern, density, 256, 128, kernel_initializer=initializer)
    mask = layer.connectivity.mask()
    fan_in, fan_out = mask.sum(axis=0).mean(), mask.sum(axis=1).mean()
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    # At least 1,638 weights: the variance has a relative deviation of 3.5%.
    assert np.var(layer.kernel) == pytest.approx(scale / fan[mode], rel=0.12)


@every_pattern
@pytest.mark.parametrize("density", [0.05, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("initializer", ["glorot_uniform", "lecun_normal"])
def test_outputs_have_the_same_variance_at_every_density(pattern, density, initializer):
    tf.random.set_seed(1)
    layer = built(pattern, density, 256, 256, kernel_initializer=initializer)
    inputs = np.random.default_rng(1).normal(size=(512, 256))
    assert np.var(layer(inputs)) == pytest.approx(1.0, rel=0.15)


@every_pattern
def test_seeded_initialisers_repeat_themselves(pattern):
    first, same, other = (
        built(pattern, 0.3, kernel_initializer=initializers.GlorotUniform(seed))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.kernel, same.kernel)
    assert (first.kernel.numpy() != other.kernel.numpy()).any()


def with_dense_twin(pattern, density, **kwargs):
    layer = built(pattern, density, **kwargs)
    weights = np.random.default_rng(5).normal(size=layer.connections)
    layer.kernel.assign(weights)
    dense = tf.keras.layers.Dense(UNITS, **kwargs)
    dense.build([None, INPUTS])
    dense.kernel.assign(layer.to_dense())
    return layer, dense


def penalty_and_gradient(layer):
    with tf.GradientTape() as tape:
        (penalty,) = layer.losses
    return penalty, tape.gradient(penalty, layer.kernel).numpy()


@every_pattern
@every_density
@pytest.mark.parametrize(
    "regularizer",
    [
        "l2",
        regularizers.L1(0.3),
        regularizers.L2(0.3),
        regularizers.L1L2(0.1, 0.2),
        regularizers.OrthogonalRegularizer(0.1, mode="rows"),
        regularizers.OrthogonalRegularizer(0.1, mode="columns"),
    ],
    ids=["l2 by name", "l1", "l2", "l1_l2", "orthogonal rows", "orthogonal columns"],
)
def test_penalties_equal_those_of_the_dense_kernel(pattern, density, regularizer):
    layer, dense = with_dense_twin(pattern, density, kernel_regularizer=regularizer)
    penalty, gradient = penalty_and_gradient(layer)
    expected, dense_gradient = penalty_and_gradient(dense)
    assert penalty > 0
    np.testing.assert_allclose(penalty, expected, rtol=1e-5)
    np.testing.assert_allclose(
        gradient, layer.connectivity.pack(dense_gradient), atol=1e-5
    )


@every_pattern
@every_density
@pytest.mark.parametrize(
    "constraint",
    [
        constraints.MaxNorm(1.0),
        constraints.MaxNorm(1.0, axis=1),
        constraints.UnitNorm(),
        constraints.MinMaxNorm(0.5, 1.5),
        constraints.NonNeg(),
    ],
    ids=["max_norm", "max_norm rows", "unit_norm", "min_max_norm", "non_neg"],
)
def test_constraints_equal_those_on_the_dense_kernel(pattern, density, constraint):
    layer, dense = with_dense_twin(pattern, density, kernel_constraint=constraint)
    expected = layer.connectivity.pack(constraint(dense.kernel).numpy())
    assert not np.allclose(expected, layer.kernel)

    # Keras applies constraints in every step, here in one that changes nothing else.
    optimizer = tf.keras.optimizers.SGD(learning_rate=0.0)
    optimizer.apply_gradients([(tf.zeros_like(layer.kernel), layer.kernel)])
    np.testing.assert_allclose(layer.kernel, expected, atol=1e-6)


@every_pattern
def test_bias_and_activity_arguments_are_those_of_dense(pattern):
    kwargs = {
        "bias_initializer": initializers.Constant(0.5),
        "bias_regularizer": regularizers.L2(0.1),
        "bias_constraint": constraints.NonNeg(),
        "activity_regularizer": regularizers.L2(0.1),
    }
    layer, dense = with_dense_twin(pattern, 0.3, **kwargs)
    np.testing.assert_array_equal(layer.bias, np.full(UNITS, 0.5, np.float32))
    assert layer.bias.constraint is kwargs["bias_constraint"]
    inputs = np.random.default_rng(1).normal(size=(4, INPUTS))
    layer(inputs), dense(inputs)
    assert len(layer.losses) == 2
    np.testing.assert_allclose(layer.losses, dense.losses, rtol=1e-5)
