"""The encoder in chunks that run side by side."""

from __future__ import annotations

import os

import numpy as np
import pytest

from rasa_randconn.autodiff import Parameters
from rasa_randconn.connections import LAYER_KINDS, PATTERNS, ConnectionSettings
from rasa_randconn.nn import encoder as encoder_module
from rasa_randconn.nn.encoder import Encoder
from rasa_randconn.nn.encoder_settings import EncoderSettings

INPUTS = 10


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def make(pattern="grouped", **options):
    """An encoder and its weights by path."""
    settings = EncoderSettings(
        **{"layers": 2, "units": 16, "heads": 4, "filter_units": 30, **options}
    )
    connections = ConnectionSettings(dict.fromkeys(LAYER_KINDS, 0.4), pattern, seed=1)
    parameters = Parameters(connections)
    encoder = Encoder(settings, INPUTS, parameters, "encoder")
    for i, parameter in enumerate(parameters):
        parameter.array[...] = normal(*parameter.array.shape, seed=i) / 4
    return encoder, {p.path: p.array.copy() for p in parameters}


def forward(encoder, weights, inputs, lengths, seed=None, selected=None):
    for parameter in encoder.weights.parameters:
        parameter.array[...] = weights[parameter.path]
    return encoder.forward(inputs, lengths, seed, selected)


def backward(encoder, result, output_gradients):
    """Gradients with respect to the inputs, and to all weights by path."""
    input_gradients, flat_gradients = encoder.backward(result, output_gradients)
    for parameter in encoder.weights.parameters:
        parameter.gradient = None
    encoder.weights.add_gradients(flat_gradients)
    gradients = {p.path: p.gradient.copy() for p in encoder.weights.parameters}
    return input_gradients, gradients


def batch(*lengths):
    return normal(sum(lengths), INPUTS, seed=50), np.array(lengths)


def many_examples(count):
    return batch(*np.random.default_rng(0).integers(1, 12, count))


RELATIVE = {
    "use_key_relative_position": True,
    "use_value_relative_position": True,
    "max_relative_position": 2,
}


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("options", [{}, {"unidirectional": True, **RELATIVE}])
@pytest.mark.parametrize("selected", [None, [0, 4, 5, 8]])
def test_gradients_with_dropout_are_the_slope_of_the_loss(pattern, options, selected):
    encoder, weights = make(
        pattern, dropout_rate=0.2, attention_dropout_rate=0.2, **options
    )
    inputs, lengths = batch(5, 1, 3)
    selected = None if selected is None else np.array(selected)
    output_gradients = normal(len(inputs), 16, seed=60)[
        : None if selected is None else 4
    ]

    def loss(changed_inputs, changed_weights):
        result = forward(
            encoder, changed_weights, changed_inputs, lengths, seed=7, selected=selected
        )
        return np.sum(result.outputs.astype(np.float64) * output_gradients)

    result = forward(encoder, weights, inputs, lengths, seed=7, selected=selected)
    input_gradients, gradients = backward(encoder, result, output_gradients)
    assert {name: g.shape for name, g in gradients.items()} == {
        name: w.shape for name, w in weights.items()
    }
    step = 1e-2
    for name in [None, *weights]:
        value, gradient = (
            (inputs, input_gradients)
            if name is None
            else (weights[name], gradients[name])
        )
        direction = normal(*value.shape, seed=70) / np.sqrt(value.size)

        def moved(size, name=name, value=value, direction=direction):
            if name is None:
                return loss(value + np.float32(size) * direction, weights)
            return loss(inputs, {**weights, name: value + np.float32(size) * direction})

        slope = (moved(step) - moved(-step)) / (2 * step)
        assert np.sum(gradient * direction) == pytest.approx(slope, rel=0.02, abs=0.02)


def test_an_example_does_not_depend_on_the_chunk_it_is_in():
    encoder, weights = make()
    inputs, lengths = many_examples(120)
    together = forward(encoder, weights, inputs, lengths)
    assert len(together.chunks) > 1
    starts = np.cumsum([0, *lengths])
    for example in (0, 60, 119):
        own = slice(starts[example], starts[example + 1])
        alone = forward(encoder, weights, inputs[own], lengths[[example]])
        np.testing.assert_allclose(together.outputs[own], alone.outputs, atol=1e-5)


def test_gradients_of_several_chunks_are_the_sum_of_those_of_their_examples():
    encoder, weights = make(**RELATIVE)
    inputs, lengths = many_examples(80)
    output_gradients = normal(len(inputs), 16, seed=60)
    border = lengths[:30].sum()

    def gradients(examples, tokens):
        result = forward(encoder, weights, inputs[tokens], lengths[examples])
        return backward(encoder, result, output_gradients[tokens])[1]

    parts = [
        gradients(slice(0, 30), slice(0, border)),
        gradients(slice(30, 80), slice(border, None)),
    ]
    for name, gradient in gradients(slice(0, 80), slice(None)).items():
        expected = parts[0][name] + parts[1][name]
        np.testing.assert_allclose(gradient, expected, atol=1e-3)


def first_tokens(lengths):
    return np.cumsum(lengths) - lengths


SELECTED = {
    "first tokens": first_tokens,
    "last tokens": lambda lengths: np.cumsum(lengths) - 1,
    "tokens of one chunk": lambda lengths: np.array([2, 3, 7]),
    "all tokens": lambda lengths: np.arange(lengths.sum()),
}


@pytest.mark.parametrize("which", SELECTED)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("options", [{}, {"unidirectional": True, **RELATIVE}])
def test_selected_tokens_equal_those_of_a_pass_that_returns_all(which, layers, options):
    encoder, weights = make(layers=layers, **options)
    inputs, lengths = many_examples(80)
    selected = SELECTED[which](lengths)
    output_gradients = np.zeros((len(inputs), 16), np.float32)
    output_gradients[selected] = normal(len(selected), 16, seed=60)

    every = forward(encoder, weights, inputs, lengths)
    some = forward(encoder, weights, inputs, lengths, selected=selected)
    assert len(some.chunks) > 1
    np.testing.assert_allclose(some.outputs, every.outputs[selected], atol=1e-5)
    np.testing.assert_array_equal(
        encoder.attention_weights(some, lengths),
        encoder.attention_weights(every, lengths),
    )
    found, found_gradients = backward(encoder, some, output_gradients[selected])
    expected, expected_gradients = backward(encoder, every, output_gradients)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    for name, gradient in expected_gradients.items():
        np.testing.assert_allclose(
            found_gradients[name], gradient, atol=1e-3, err_msg=name
        )


def test_tokens_that_are_not_selected_end_at_the_last_attention():
    encoder, weights = make(layers=1)
    inputs, lengths = batch(6, 7, 20)
    result = forward(encoder, weights, inputs, lengths, selected=first_tokens(lengths))
    state = result.chunks[0].activations
    (layer,) = state.layers
    assert layer.attended.shape == (16, 48)
    assert layer.activated.shape == (30, 16)
    assert state.norm.outputs.shape == (16, 16)


@pytest.mark.parametrize(
    "tokens, chunks", [(1, 1), (191, 1), (192, 2), (1024, 2), (1025, 4), (2049, 6)]
)
def test_there_are_as_many_chunks_for_one_core_as_for_the_other(tokens, chunks):
    encoder, weights = make(layers=1)
    inputs, lengths = batch(*[1] * tokens)
    result = forward(encoder, weights, inputs, lengths)
    assert len(result.chunks) == chunks
    counts = [chunk.starts[-1] for chunk, _, _ in result.chunks]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("pattern", PATTERNS)
def test_outputs_and_gradients_are_the_same_for_any_number_of_cores(
    pattern, monkeypatch
):
    encoder, weights = make(pattern, dropout_rate=0.2, **RELATIVE)
    inputs, lengths = many_examples(200)
    output_gradients = normal(len(inputs), 16, seed=60)

    def results(cores):
        seem_to_be = range(cores)
        monkeypatch.setattr(
            os, "sched_getaffinity", lambda _: seem_to_be, raising=False
        )
        result = forward(encoder, weights, inputs, lengths, seed=7)
        assert len(result.chunks) > 2
        input_gradients, gradients = backward(encoder, result, output_gradients)
        return [result.outputs, input_gradients, *gradients.values()]

    single = results(1)
    for cores in (2, 5):
        for found, expected in zip(results(cores), single):
            np.testing.assert_array_equal(found, expected)


def test_the_same_seed_drops_the_same_and_another_one_does_not():
    encoder, weights = make(dropout_rate=0.3)
    inputs, lengths = batch(5, 3)
    first, again, other = (
        forward(encoder, weights, inputs, lengths, seed).outputs for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_memory_of_a_released_pass_is_used_again():
    encoder, weights = make()
    inputs, lengths = batch(5, 3)
    first = forward(encoder, weights, inputs, lengths)
    encoder.release(first)
    second = forward(encoder, weights, inputs, lengths)
    assert first.chunks[0].memory is second.chunks[0].memory
    third = forward(encoder, weights, inputs, lengths)
    assert third.chunks[0].memory is not second.chunks[0].memory


@pytest.mark.parametrize("options", [{}, RELATIVE], ids=["plain", "relative"])
def test_what_is_left_in_used_memory_has_no_effect(options):
    encoder, weights = make(**options)
    inputs, lengths = batch(5, 3)
    gradients = normal(8, encoder.settings.units, seed=60)

    def step():
        result = forward(encoder, weights, inputs, lengths)
        found = backward(encoder, result, gradients)
        for _, _, memory in result.chunks:
            memory.flat_gradients.fill(np.nan)
        encoder.release(result)
        return found

    (expected_inputs, expected), (found_inputs, found) = step(), step()
    np.testing.assert_array_equal(found_inputs, expected_inputs)
    for path, gradient in expected.items():
        np.testing.assert_array_equal(found[path], gradient, err_msg=path)


def test_memory_of_a_very_long_message_is_not_kept(monkeypatch):
    monkeypatch.setattr(encoder_module, "_MOST_TOKENS_KEPT", 16)
    for tokens, kept in ((5, 1), (40, 0)):
        encoder, weights = make()
        encoder.release(forward(encoder, weights, *batch(tokens)))
        assert len(encoder._free) == kept


@pytest.mark.parametrize("around", [(0, 5, 0, 3), (5, 3, 0), (0, 0, 5, 3)])
def test_examples_without_tokens_change_nothing(around):
    encoder, weights = make(**RELATIVE)
    inputs, lengths = batch(5, 3)
    output_gradients = normal(len(inputs), 16, seed=60)

    def results(lengths):
        result = forward(encoder, weights, inputs, lengths)
        input_gradients, gradients = backward(encoder, result, output_gradients)
        return [result.outputs, input_gradients, *gradients.values()]

    for found, expected in zip(results(np.array(around)), results(lengths)):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("lengths", [(), (0,), (0, 0)])
def test_a_batch_without_tokens_has_no_gradients(lengths):
    encoder, weights = make()
    lengths = np.array(lengths, np.int64)
    result = forward(encoder, weights, normal(0, INPUTS), lengths)
    assert result.outputs.shape == (0, 16)
    assert encoder.attention_weights(result, lengths).shape == (
        len(lengths),
        2,
        4,
        0,
        0,
    )
    input_gradients, gradients = backward(encoder, result, result.outputs)
    assert input_gradients.shape == (0, INPUTS)
    assert set(gradients) == set(weights)
    assert not any(gradient.any() for gradient in gradients.values())
