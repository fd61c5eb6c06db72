"""Outputs and all gradients of a layer, as one step in a TensorFlow graph."""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf


def gradient_step(
    layer: tf.keras.layers.Layer,
    inputs: tf.Tensor,
    compute: Callable[[tf.Tensor], tf.Tensor],
) -> Callable[[], object]:
    """A function that takes the step and waits for it.

    Args:
        layer: The built layer.
        inputs: What it is applied to.
        compute: Applies it and returns its outputs.
    """

    def step() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = compute(inputs)
        return tape.gradient(
            outputs, [inputs, *layer.trainable_variables], output_gradients=outputs
        )

    graph = tf.function(step)
    return lambda: graph()[0].numpy()
