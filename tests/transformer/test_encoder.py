from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from rasa.utils.tensorflow.transformer import TransformerEncoder as StockEncoder

from rasa_randconn.connections import PATTERNS
from rasa_randconn.layers import KINDS, ConnectionSettings, RandomlyConnectedDense
from rasa_randconn.transformer import EncoderSettings, TransformerEncoder

INPUTS = 10

every_pattern = pytest.mark.parametrize("pattern", PATTERNS)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def padding_mask(lengths, padded_length):
    is_real = tf.sequence_mask(lengths, padded_length, dtype=tf.float32)
    return 1 - is_real[:, :, tf.newaxis]


def make(density=0.3, pattern="grouped", **options):
    options = {"layers": 2, "units": 16, "heads": 4, "filter_units": 32, **options}
    connections = ConnectionSettings(dict.fromkeys(KINDS, density), pattern, seed=1)
    return TransformerEncoder(EncoderSettings(**options), connections, "text_encoder")


def make_stock(settings):
    options = dataclasses.asdict(settings)
    options["num_layers"] = options.pop("layers")
    options["num_heads"] = options.pop("heads")
    del options["embedding_regularizer"]
    return StockEncoder(reg_lambda=0.0, density=1.0, **options)


def corresponding_weights(ours, stock):
    """Pairs of variables of our encoder and of Rasa's, both built."""
    pairs = [(ours.norm, stock._layer_norm), (ours.embedding, stock._embedding)]
    for layer, theirs in zip(ours.encoder_layers, stock._enc_layers):
        pairs += [
            (layer.attention_norm, theirs._layer_norm),
            (layer.attention.query, theirs._mha._query_dense_layer),
            (layer.attention.key, theirs._mha._key_dense_layer),
            (layer.attention.value, theirs._mha._value_dense_layer),
            (layer.attention.output_projection, theirs._mha._output_dense_layer),
            (layer.feed_forward_norm, theirs._ffn_layers[0]),
            (layer.feed_forward_in, theirs._ffn_layers[1]),
            (layer.feed_forward_out, theirs._ffn_layers[3]),
        ]
        for name in ("key_relative_embeddings", "value_relative_embeddings"):
            embeddings = getattr(layer.attention, name)
            if embeddings is not None:
                yield embeddings, getattr(theirs._mha, name)
    for layer, theirs in pairs:
        yield from zip(layer.trainable_variables, theirs.trainable_variables)


class Result(NamedTuple):
    outputs: np.ndarray
    attention: np.ndarray
    gradients: list


def run(encoder, inputs, mask, is_real, variables):
    """Outputs at real tokens, attention of real queries, and gradients from both."""
    inputs = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs, attention = encoder(inputs, mask, training=False)
        outputs *= is_real
        attention *= is_real[:, tf.newaxis, tf.newaxis, :, :]
        loss = tf.reduce_sum(outputs * normal(*outputs.shape, seed=1))
        loss += tf.reduce_sum(attention * normal(*attention.shape, seed=2))
    gradients = tape.gradient(loss, [inputs, *variables])
    return Result(outputs.numpy(), attention.numpy(), gradients)


def assert_equals_stock(options, lengths, padded_length, with_mask=True):
    ours = make(density=1.0, **options)
    stock = make_stock(ours.settings)
    inputs = normal(len(lengths), padded_length, INPUTS, seed=3)
    mask = padding_mask(lengths, padded_length)
    # Rasa's encoder looks ahead if it gets no mask, whatever `unidirectional` says.
    stock_mask = mask
    if not with_mask:
        assert set(lengths) == {padded_length}
        mask = None
    ours(inputs, mask), stock(inputs, stock_mask)
    pairs = list(corresponding_weights(ours, stock))
    assert len(pairs) == len(ours.trainable_variables)
    assert len(pairs) == len(stock.trainable_variables)
    for i, (own, theirs) in enumerate(pairs):
        own.assign(normal(*own.shape, seed=10 + i) / 4)
        theirs.assign(tf.reshape(own, theirs.shape))

    is_real = 1 - padding_mask(lengths, padded_length)
    own_variables, stock_variables = zip(*pairs)
    found = run(ours, inputs, mask, is_real, own_variables)
    expected = run(stock, inputs, stock_mask, is_real, stock_variables)
    np.testing.assert_allclose(found.outputs, expected.outputs, atol=1e-4)
    np.testing.assert_allclose(found.attention, expected.attention, atol=1e-5)
    for gradient, stock_gradient in zip(found.gradients, expected.gradients):
        stock_gradient = np.reshape(stock_gradient, gradient.shape)
        tolerance = 1e-4 * max(1.0, np.abs(stock_gradient).max())
        np.testing.assert_allclose(gradient, stock_gradient, atol=tolerance)


def relative(key, value, distance):
    return {
        "use_key_relative_position": key,
        "use_value_relative_position": value,
        "max_relative_position": distance,
    }


@pytest.mark.parametrize("unidirectional", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="plain"),
        pytest.param({"pattern": "unstructured"}, id="unstructured"),
        pytest.param(relative(True, False, 3), id="keys"),
        pytest.param(relative(False, True, 3), id="values"),
        pytest.param(relative(True, True, 3), id="both"),
        pytest.param(relative(True, True, 9), id="both, far"),
        pytest.param(relative(True, True, 0), id="both, present only"),
        # Rasa's own code fails for shared value embeddings unless the length is 1.
        pytest.param(
            {**relative(True, False, 3), "heads_share_relative_embedding": True},
            id="keys, shared",
        ),
    ],
)
def test_at_density_one_it_equals_rasas_encoder_at_real_tokens(unidirectional, options):
    assert_equals_stock({"unidirectional": unidirectional, **options}, [7, 3, 1], 7)


@pytest.mark.parametrize("unidirectional", [False, True])
@pytest.mark.parametrize("length, with_mask", [(1, True), (1, False), (6, False)])
def test_it_equals_rasas_encoder_without_padding(unidirectional, length, with_mask):
    options = {"unidirectional": unidirectional, **relative(True, True, 2)}
    assert_equals_stock(options, [length, length], length, with_mask)


def test_shared_embeddings_equal_the_same_ones_in_every_head():
    # Rasa's encoder is no help here: it fails for shared value embeddings.
    options = {**relative(True, True, 2), "layers": 1}
    shared = make(heads_share_relative_embedding=True, **options)
    own = make(**options)
    inputs, mask = normal(2, 5, INPUTS), padding_mask([5, 2], 5)
    shared(inputs, mask), own(inputs, mask)
    assert shared.count_params() == own.count_params() - 2 * 3 * 5 * 4
    for variable, weights in zip(own.variables, shared.variables):
        variable.assign(tf.broadcast_to(weights, variable.shape))
    for found, expected in zip(shared(inputs, mask), own(inputs, mask)):
        np.testing.assert_allclose(found, expected, atol=1e-5)


every_kind_of_attention = pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="plain"),
        pytest.param({"pattern": "unstructured"}, id="unstructured"),
        pytest.param(
            {"unidirectional": True, **relative(True, True, 2)}, id="unidirectional"
        ),
        pytest.param(relative(True, True, 2), id="relative"),
    ],
)


@every_kind_of_attention
def test_outputs_at_padding_are_zero(options):
    lengths = [5, 2, 0, 1]
    mask = padding_mask(lengths, 5)
    outputs, _ = make(**options)(normal(4, 5, INPUTS), mask)
    is_zero = (outputs.numpy() == 0).all(axis=-1)
    np.testing.assert_array_equal(is_zero, mask[:, :, 0] == 1)


@every_kind_of_attention
def test_real_tokens_do_not_depend_on_what_the_padding_contains(options):
    encoder = make(**options)
    mask = padding_mask([5, 2, 1], 5)
    inputs = tf.constant(normal(3, 5, INPUTS))
    spoiled = tf.where(mask == 1, np.nan, inputs)
    with tf.GradientTape() as tape:
        tape.watch(spoiled)
        found = encoder(spoiled, mask)
        loss = tf.reduce_sum(tf.square(found[0]))
    for outputs, expected in zip(found, encoder(inputs, mask)):
        np.testing.assert_array_equal(outputs, expected)
    gradient = tape.gradient(loss, spoiled)
    np.testing.assert_array_equal(tf.boolean_mask(gradient, mask[:, :, 0] == 1), 0.0)


@every_kind_of_attention
def test_real_tokens_do_not_depend_on_the_amount_of_padding(options):
    encoder = make(**options)
    lengths = [3, 2, 1]
    inputs = normal(3, 9, INPUTS)
    short = encoder(inputs[:, :3], padding_mask(lengths, 3))
    long = encoder(inputs, padding_mask(lengths, 9))
    np.testing.assert_allclose(long[0][:, :3], short[0], atol=1e-5)
    for i, length in enumerate(lengths):
        attention = long[1][i, :, :, :length]
        np.testing.assert_allclose(
            attention[..., :length], short[1][i, :, :, :length, :length], atol=1e-6
        )
        np.testing.assert_array_equal(attention[..., length:], 0.0)


@pytest.mark.parametrize("with_mask", [True, False])
def test_unidirectional_tokens_do_not_see_the_future(with_mask):
    encoder = make(unidirectional=True)
    mask = padding_mask([6, 6], 6) if with_mask else None
    inputs = normal(2, 6, INPUTS)
    outputs, attention = encoder(inputs, mask)
    inputs[:, 4:] += 1
    changed, _ = encoder(inputs, mask)
    np.testing.assert_allclose(outputs[:, :4], changed[:, :4], atol=1e-5)
    assert (np.abs(outputs - changed)[:, 4:] > 1e-3).any(axis=-1).all()
    np.testing.assert_array_equal(np.triu(attention, k=1), 0.0)


@pytest.mark.parametrize(
    "rates",
    [
        {"dropout_rate": 0.5},
        {"dropout_rate": 0.0, "attention_dropout_rate": 0.5},
        {"dropout_rate": 0.5, "attention_dropout_rate": 0.5},
    ],
    ids=str,
)
def test_dropout_works_in_training_only(rates):
    dropping, plain = make(**rates), make(dropout_rate=0.0)
    inputs, mask = normal(3, 5, INPUTS), padding_mask([5, 2, 1], 5)
    dropping(inputs, mask), plain(inputs, mask)
    plain.set_weights(dropping.get_weights())
    expected, _ = plain(inputs, mask, training=True)
    for inference in ({"training": False}, {}):
        np.testing.assert_array_equal(dropping(inputs, mask, **inference)[0], expected)
    tf.random.set_seed(1)
    trained = dropping(inputs, mask, training=True)[0]
    # With a single token there is only one attention weight, which stays 1.
    assert (np.abs(trained - expected)[:2, :2] > 1e-3).any(axis=-1).any(axis=-1).all()


def test_attention_dropout_rate_one_half_drops_half_of_the_weights():
    tf.random.set_seed(1)
    encoder = make(attention_dropout_rate=0.5)
    inputs = normal(4, 12, INPUTS)
    _, attention = encoder(inputs, padding_mask([12] * 4, 12), training=True)
    np.testing.assert_allclose(np.sum(attention, axis=-1), 1.0, atol=1e-5)
    assert 0.45 < np.mean(attention.numpy() == 0) < 0.55


@pytest.mark.parametrize("units, heads", [(16, 3), (6, 4), (2, 4)])
def test_units_must_be_a_multiple_of_the_heads(units, heads):
    with pytest.raises(ValueError, match=f"{units} must be a multiple .* {heads}"):
        make(units=units, heads=heads)


def randomly_connected(encoder):
    return [x for x in encoder.submodules if isinstance(x, RandomlyConnectedDense)]


@every_pattern
def test_the_default_diet_encoder_has_a_fifth_of_the_connections(pattern):
    def count(density):
        encoder = make(density, pattern, units=256, filter_units=1024)
        encoder(normal(1, 2, 128))
        layers = randomly_connected(encoder)
        assert len(layers) == 1 + 2 * 6
        return sum(layer.connections for layer in layers)

    dense = 128 * 256 + 2 * (4 * 256 * 256 + 2 * 256 * 1024)
    assert count(1.0) == dense
    assert 0.19 * dense < count(0.2) <= 0.21 * dense


@every_pattern
def test_every_kind_of_layer_has_its_own_density_and_every_layer_its_pattern(pattern):
    densities = {"attention": 0.25, "feed_forward": 0.5, "embedding": 0.75}
    settings = EncoderSettings(layers=2, units=16, heads=4, filter_units=16)
    encoder = TransformerEncoder(
        settings, ConnectionSettings(densities, pattern, seed=1), "text_encoder"
    )
    encoder(normal(1, 2, 16))
    layers = randomly_connected(encoder)
    found = sorted(layer.connections / 256 for layer in layers)
    assert found == [0.25] * 8 + [0.5] * 4 + [0.75]
    assert len({layer.connectivity.mask().tobytes() for layer in layers}) == 13


def test_the_regulariser_is_for_the_embedding_only():
    regularizer = tf.keras.regularizers.L2(0.5)
    encoder = make(embedding_regularizer=regularizer)
    encoder(normal(1, 2, INPUTS))
    kernel = encoder.embedding.kernel.numpy()
    np.testing.assert_allclose(encoder.losses, [0.5 * np.square(kernel).sum()], 1e-5)


def test_one_trace_serves_batches_of_unknown_size_and_length():
    encoder = make(layers=1, **relative(True, True, 2))
    traced = tf.function(
        encoder,
        input_signature=[
            tf.TensorSpec([None, None, INPUTS]),
            tf.TensorSpec([None, None, 1]),
        ],
    )
    for lengths in ([4, 2], [1]):
        inputs = normal(len(lengths), max(lengths), INPUTS)
        mask = padding_mask(lengths, max(lengths))
        for found, expected in zip(traced(inputs, mask), encoder(inputs, mask)):
            np.testing.assert_allclose(found, expected, atol=1e-5)
    outputs, attention = traced.get_concrete_function().structured_outputs
    assert outputs.shape.as_list() == [None, None, 16]
    assert attention.shape.rank == 5
