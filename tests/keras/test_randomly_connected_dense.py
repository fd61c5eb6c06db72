from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from rasa_randconn.connections import PATTERNS
from rasa_randconn.keras import RandomlyConnectedDense

SHAPES = [(8, 8), (1, 5), (5, 1), (7, 12), (30, 17), (64, 16)]

every_pattern = pytest.mark.parametrize("pattern", PATTERNS)


def random_normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def twins(inputs, units, density, pattern, **kwargs):
    """A layer and a Keras layer that holds the same kernel with zeros in it."""
    layer = RandomlyConnectedDense(units, density, pattern, seed=3, **kwargs)
    layer.build([None, inputs])
    layer.kernel.assign(random_normal(layer.connections, seed=1))
    dense = tf.keras.layers.Dense(units, **kwargs)
    dense.build([None, inputs])
    dense.kernel.assign(layer.to_dense())
    if layer.use_bias:
        layer.bias.assign(random_normal(units, seed=2))
        dense.bias.assign(layer.bias)
    return layer, dense


def values_and_gradients(layer, inputs):
    inputs = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
        # Every output gets another gradient.
        loss = tf.reduce_sum(outputs * random_normal(*outputs.shape, seed=4))
    gradients = tape.gradient(loss, [inputs, *layer.trainable_variables])
    return outputs, [gradient.numpy() for gradient in gradients]


@every_pattern
@pytest.mark.parametrize("inputs, units", SHAPES)
@pytest.mark.parametrize("density", [0.0, 0.3, 1.0])
def test_values_and_gradients_equal_dense_with_zeros(pattern, inputs, units, density):
    layer, dense = twins(inputs, units, density, pattern, activation="tanh")
    x = random_normal(6, inputs)
    found, (input_gradient, kernel_gradient, bias_gradient) = values_and_gradients(
        layer, x
    )
    expected, expected_gradients = values_and_gradients(dense, x)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(input_gradient, expected_gradients[0], atol=1e-5)
    np.testing.assert_allclose(
        kernel_gradient, layer.connectivity.pack(expected_gradients[1]), atol=1e-5
    )
    np.testing.assert_allclose(bias_gradient, expected_gradients[2], atol=1e-5)


@every_pattern
@pytest.mark.parametrize("activation", [None, "softmax", tf.nn.gelu])
@pytest.mark.parametrize("shape", [(4, 7), (2, 3, 7), (2, 3, 4, 7), (0, 7), (2, 0, 7)])
def test_every_rank_and_activation_equals_dense(pattern, activation, shape):
    layer, dense = twins(7, 12, 0.3, pattern, activation=activation)
    x = random_normal(*shape)
    outputs = layer(x)
    assert outputs.shape == (*shape[:-1], 12)
    np.testing.assert_allclose(outputs, dense(x), atol=1e-5)


@every_pattern
@pytest.mark.parametrize(
    "initializer",
    [
        tf.keras.initializers.GlorotUniform,
        tf.keras.initializers.HeNormal,
        tf.keras.initializers.Orthogonal,
        tf.keras.initializers.RandomNormal,
    ],
)
def test_at_density_one_it_is_dense(pattern, initializer):
    layer = RandomlyConnectedDense(
        17, 1.0, pattern, kernel_initializer=initializer(seed=5)
    )
    dense = tf.keras.layers.Dense(17, kernel_initializer=initializer(seed=5))
    x = random_normal(5, 30)
    outputs, expected = layer(x), dense(x)
    np.testing.assert_array_equal(layer.to_dense(), dense.kernel)
    np.testing.assert_array_equal(outputs, expected)


@every_pattern
@pytest.mark.parametrize("inputs, units", SHAPES)
@pytest.mark.parametrize("use_bias", [True, False])
def test_only_existing_connections_and_bias_are_variables(
    pattern, inputs, units, use_bias
):
    layer = RandomlyConnectedDense(units, 0.3, pattern, use_bias=use_bias)
    layer.build([None, inputs])
    assert layer.kernel.shape == (layer.connections,)
    assert layer.connections == layer.connectivity.count
    expected = [layer.kernel, layer.bias] if use_bias else [layer.kernel]
    assert [v.ref() for v in layer.variables] == [v.ref() for v in expected]
    assert len(layer.trainable_variables) == len(expected)


@every_pattern
def test_config_makes_the_same_layer_again(pattern):
    layer = RandomlyConnectedDense(
        12,
        0.3,
        pattern,
        seed=(4, 9),
        activation="relu",
        use_bias=False,
        kernel_initializer=tf.keras.initializers.HeNormal(seed=1),
        kernel_regularizer=tf.keras.regularizers.L1L2(0.1, 0.2),
        kernel_constraint=tf.keras.constraints.MaxNorm(2.0),
        name="some_layer",
    )
    layer.build([None, 7])
    config = json.loads(json.dumps(layer.get_config()))
    assert config["density"] == 0.3
    assert config["pattern"] == pattern
    assert config["seed"] == [4, 9]

    again = RandomlyConnectedDense.from_config(config)
    again.build([None, 7])
    assert json.loads(json.dumps(again.get_config())) == config
    np.testing.assert_array_equal(again.to_dense(), layer.to_dense())


@every_pattern
def test_without_a_seed_copies_have_the_same_connections(pattern, tmp_path):
    model = tf.keras.Sequential([RandomlyConnectedDense(12, 0.3, pattern)])
    inputs = random_normal(5, 20)
    expected = model(inputs).numpy()

    copy = tf.keras.models.clone_model(model)
    copy.build([None, 20])
    copy.set_weights(model.get_weights())
    model.save(str(tmp_path / "model.h5"))
    loaded = tf.keras.models.load_model(str(tmp_path / "model.h5"))
    for other in (copy, loaded):
        np.testing.assert_allclose(other(inputs), expected, atol=1e-6)


@every_pattern
@pytest.mark.parametrize("file", ["model.h5", "saved_model"])
def test_a_saved_model_is_loaded_without_custom_objects(pattern, file, tmp_path):
    model = tf.keras.Sequential([RandomlyConnectedDense(12, 0.3, pattern, seed=1)])
    inputs = random_normal(5, 20)
    expected = model(inputs).numpy()
    model.save(str(tmp_path / file))
    loaded = tf.keras.models.load_model(str(tmp_path / file))
    (layer,) = loaded.layers
    assert type(layer) is RandomlyConnectedDense
    assert layer.connections == model.layers[0].connections
    np.testing.assert_allclose(loaded(inputs), expected, atol=1e-6)


def test_a_model_saved_before_the_layer_was_registered_is_loaded(tmp_path):
    layer = RandomlyConnectedDense(12, 0.3, seed=1)
    config = tf.keras.Sequential([tf.keras.Input([20]), layer]).get_config()
    (written,) = (c for c in config["layers"] if "Randomly" in c["class_name"])
    written["class_name"] = "RandomlyConnectedDense"
    classes = {"RandomlyConnectedDense": RandomlyConnectedDense}
    again = tf.keras.Sequential.from_config(config, classes)
    np.testing.assert_array_equal(
        again.layers[0].connectivity.mask(), layer.connectivity.mask()
    )


@every_pattern
def test_without_a_seed_numpys_global_state_decides(pattern):
    def mask(seed=None):
        if seed is not None:
            np.random.seed(seed)
        layer = RandomlyConnectedDense(12, 0.3, pattern)
        layer.build([None, 20])
        return layer.connectivity.mask()

    first, second, again = mask(1), mask(), mask(1)
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()


@every_pattern
@pytest.mark.parametrize("density", [0.2, 1.0])
def test_to_dense_inverts_from_dense_on_existing_connections(pattern, density):
    dense = tf.keras.layers.Dense(12, activation="relu", bias_initializer="normal")
    dense.build([None, 7])
    layer = RandomlyConnectedDense.from_dense(dense, density, pattern, seed=1)
    mask = layer.connectivity.mask()
    np.testing.assert_array_equal(
        layer.to_dense(), np.where(mask, dense.kernel.numpy(), 0.0)
    )
    np.testing.assert_array_equal(layer.bias, dense.bias)
    assert layer.connectivity.is_dense == (density == 1.0)

    dense.kernel.assign(layer.to_dense())
    x = random_normal(5, 7)
    np.testing.assert_allclose(layer(x), dense(x), atol=1e-6)


@every_pattern
def test_from_dense_takes_over_the_arguments(pattern):
    dense = tf.keras.layers.Dense(
        12, use_bias=False, kernel_regularizer="l2", name="some_layer"
    )
    with pytest.raises(ValueError, match="must be built"):
        RandomlyConnectedDense.from_dense(dense)
    dense.build([None, 7])
    layer = RandomlyConnectedDense.from_dense(dense, 0.2, pattern)
    dense_config = dense.get_config()
    assert {**layer.get_config(), **dense_config} == layer.get_config()
    assert layer.bias is None


def test_repr_states_the_facts():
    layer = RandomlyConnectedDense(8, 0.25, "unstructured", name="some_layer")
    assert repr(layer) == (
        "RandomlyConnectedDense(units=8, density=0.25, pattern='unstructured', "
        "name='some_layer')"
    )
    layer.build([None, 8])
    assert "inputs=8, connections=16" in repr(layer)


@every_pattern
def test_training_changes_weights_and_never_the_connections(pattern):
    layers = [RandomlyConnectedDense(n, 0.3, pattern, seed=2) for n in (12, 3)]
    model = tf.keras.Sequential(layers)
    model.compile("adam", "mse")
    model.build([None, 7])
    masks = [layer.connectivity.mask() for layer in layers]
    kernels = [layer.to_dense() for layer in layers]
    model.fit(random_normal(16, 7), random_normal(16, 3), epochs=2, verbose=0)
    for layer, mask, kernel in zip(layers, masks, kernels):
        trained = layer.to_dense()
        assert (trained[mask] != kernel[mask]).all()
        np.testing.assert_array_equal(trained[~mask], 0.0)
        np.testing.assert_array_equal(layer.connectivity.mask(), mask)


@every_pattern
@pytest.mark.parametrize(
    "signature", [[None, 7], [None, None, 7], [2, None, 7], [None, 3, None, 7]]
)
def test_one_trace_serves_batches_of_unknown_size(pattern, signature):
    layer, dense = twins(7, 12, 0.3, pattern)
    traced = tf.function(layer, input_signature=[tf.TensorSpec(signature)])
    for unknown in (1, 4):
        x = random_normal(*[unknown if size is None else size for size in signature])
        np.testing.assert_allclose(traced(x), dense(x), atol=1e-5)
    symbolic = traced.get_concrete_function().structured_outputs
    assert symbolic.shape.as_list() == [*signature[:-1], 12]


@every_pattern
def test_it_computes_in_the_type_it_is_given(pattern):
    layer = RandomlyConnectedDense(12, 0.3, pattern, dtype="float64")
    assert layer(random_normal(2, 7)).dtype == layer.kernel.dtype == tf.float64


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"density": 1.1}, "'density' must be a number between 0 and 1, not 1.1"),
        ({"density": None}, "'density' must be a number between 0 and 1, not None"),
        ({"pattern": "ring"}, "'pattern' must be one of .*, not 'ring'"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        RandomlyConnectedDense(8, **arguments)


def test_the_number_of_inputs_must_be_known():
    with pytest.raises(ValueError, match="last dimension"):
        RandomlyConnectedDense(8).build([None, None])


def test_a_layer_built_for_other_inputs_refuses_them():
    layer = RandomlyConnectedDense(8)
    layer.build([None, 7])
    with pytest.raises(ValueError, match="incompatible"):
        layer(random_normal(2, 8))


@pytest.mark.parametrize("fact", ["connectivity", "connections"])
def test_there_are_no_connections_before_building(fact):
    layer = RandomlyConnectedDense(8, name="some_layer")
    with pytest.raises(ValueError, match="'some_layer' has no connections yet"):
        getattr(layer, fact)


def test_from_dense_takes_one_of_ours():
    ours = RandomlyConnectedDense(6, 0.5, seed=1)
    ours.build([None, 4])
    again = RandomlyConnectedDense.from_dense(ours, density=1.0)
    np.testing.assert_array_equal(again.to_dense(), ours.to_dense())
