from __future__ import annotations

import numpy as np
import pytest

from rasa_randconn.connections import PATTERNS, draw_connectivity
from rasa_randconn.kernels import PackedProduct
from rasa_randconn.transformer import EncoderSettings
from rasa_randconn.transformer.encoder_pass import EncoderPass

INPUTS = 10


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def make(pattern="grouped", **options):
    """An encoder pass and its weights by path."""
    settings = EncoderSettings(
        **{"layers": 2, "units": 16, "heads": 4, "filter_units": 30, **options}
    )
    units, filter_units = settings.units, settings.filter_units
    sizes = {"embedding": (INPUTS, units)}
    shapes = {"embedding/bias": (units,)}
    norms = ["norm"]
    for i in range(settings.layers):
        attention = f"layer_{i}/attention"
        norms += [f"{attention}_norm", f"layer_{i}/feed_forward_norm"]
        for name in ("query", "key", "value", "output"):
            sizes[f"{attention}/{name}"] = (units, units)
        sizes[f"layer_{i}/feed_forward_in"] = (units, filter_units)
        sizes[f"layer_{i}/feed_forward_out"] = (filter_units, units)
        shapes[f"{attention}/output/bias"] = (units,)
        shapes[f"layer_{i}/feed_forward_in/bias"] = (filter_units,)
        shapes[f"layer_{i}/feed_forward_out/bias"] = (units,)
        for name in ("key", "value"):
            if getattr(settings, f"use_{name}_relative_position"):
                shapes[f"{attention}/{name}_relative_embeddings"] = (
                    settings.heads,
                    settings.relative_distances,
                    settings.depth,
                )
    products = {
        path: PackedProduct(draw_connectivity(pattern, *size, 0.4, i))
        for i, (path, size) in enumerate(sizes.items())
    }
    for path, product in products.items():
        shapes[f"{path}/kernel"] = (product.connectivity.count,)
    for path in norms:
        shapes[f"{path}/gamma"] = shapes[f"{path}/beta"] = (units,)
    weights = {
        path: normal(*shape, seed=i) / 4
        for i, (path, shape) in enumerate(shapes.items())
    }
    return EncoderPass(settings, products, shapes), weights


def batch(*lengths):
    is_real = np.arange(max(lengths)) < np.array(lengths)[:, np.newaxis]
    return normal(*is_real.shape, INPUTS, seed=50), is_real


RELATIVE = {
    "use_key_relative_position": True,
    "use_value_relative_position": True,
    "max_relative_position": 2,
}


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("options", [{}, {"unidirectional": True, **RELATIVE}])
def test_gradients_with_dropout_are_the_slope_of_the_loss(pattern, options):
    encoder, weights = make(
        pattern, dropout_rate=0.2, attention_dropout_rate=0.2, **options
    )
    inputs, is_real = batch(5, 1, 3)
    output_gradients = normal(*is_real.shape, 16, seed=60)

    def forward(changed_inputs, changed_weights):
        return encoder.forward(changed_inputs, is_real, changed_weights, seed=7)

    def loss(changed_inputs, changed_weights):
        outputs = forward(changed_inputs, changed_weights).outputs
        return np.sum(outputs.astype(np.float64) * output_gradients)

    result = forward(inputs, weights)
    input_gradients, gradients = encoder.backward(result, inputs, output_gradients)
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
    lengths = np.random.default_rng(0).integers(1, 12, 120)
    inputs, is_real = batch(*lengths)
    together = encoder.forward(inputs, is_real, weights)
    assert len(together.chunks) > 1
    for example in (0, 60, 119):
        alone = encoder.forward(
            inputs[example : example + 1], is_real[example : example + 1], weights
        )
        np.testing.assert_allclose(
            together.outputs[example], alone.outputs[0], atol=1e-5
        )


def test_gradients_of_several_chunks_are_the_sum_of_those_of_their_examples():
    encoder, weights = make(**RELATIVE)
    inputs, is_real = batch(*np.random.default_rng(0).integers(1, 12, 80))
    output_gradients = normal(*is_real.shape, 16, seed=60)

    def gradients(examples):
        result = encoder.forward(inputs[examples], is_real[examples], weights)
        return encoder.backward(result, inputs[examples], output_gradients[examples])[1]

    parts = [gradients(slice(0, 30)), gradients(slice(30, 80))]
    for name, gradient in gradients(slice(0, 80)).items():
        expected = parts[0][name] + parts[1][name]
        np.testing.assert_allclose(gradient, expected, atol=1e-3)


def test_the_same_seed_drops_the_same_and_another_one_does_not():
    encoder, weights = make(dropout_rate=0.3)
    inputs, is_real = batch(5, 3)
    first, again, other = (
        encoder.forward(inputs, is_real, weights, seed).outputs for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_memory_of_a_released_pass_is_used_again():
    encoder, weights = make()
    inputs, is_real = batch(5, 3)
    first = encoder.forward(inputs, is_real, weights)
    encoder.release(first)
    second = encoder.forward(inputs, is_real, weights)
    assert first.chunks[0].slab is second.chunks[0].slab
    third = encoder.forward(inputs, is_real, weights)
    assert third.chunks[0].slab is not second.chunks[0].slab


def test_padding_is_zero_and_a_batch_without_tokens_has_no_gradients():
    encoder, weights = make()
    inputs, is_real = batch(5, 3)
    result = encoder.forward(inputs, is_real, weights)
    assert not result.outputs[~is_real].any() and result.outputs[is_real].any()

    nothing = np.zeros_like(is_real)
    result = encoder.forward(inputs, nothing, weights)
    assert not result.outputs.any()
    input_gradients, gradients = encoder.backward(result, inputs, result.outputs + 1)
    assert not input_gradients.any()
    assert not any(gradient.any() for gradient in gradients.values())
