"""The encoder's compiled computation as one differentiable TensorFlow operation."""

from __future__ import annotations

from collections import OrderedDict
from itertools import count
from threading import Lock
from typing import Any, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from rasa_randconn.connections import Connectivity
from rasa_randconn.transformer.encoder_pass import EncoderPass, ForwardPass

# A training step runs an encoder once or twice before it asks for gradients.
_KEPT_PASSES = 4

_NO_TICKET = -1


class EncoderOperation:
    """Calls an `EncoderPass` from TensorFlow, forward and backward.

    What a forward pass leaves in memory stays here for the backward pass, under a
    ticket that goes through the graph in its place. A pass that is not there any more
    is computed again.
    """

    def __init__(self, encoder_pass: EncoderPass) -> None:
        """Wraps a computation."""
        self._pass = encoder_pass
        self._names = encoder_pass.layout.names
        self._kept: OrderedDict[int, ForwardPass] = OrderedDict()
        self._tickets = count()
        self._lock = Lock()

    def is_for(self, connectivities: Mapping[str, Connectivity]) -> bool:
        """Whether it computes with these very connections.

        Args:
            connectivities: Connections of all randomly connected layers by path.
        """
        return all(
            self._pass.products[path].connectivity is connectivity
            for path, connectivity in connectivities.items()
        )

    def __call__(
        self,
        inputs: tf.Tensor,
        is_real: tf.Tensor,
        weights: Sequence[tf.Tensor],
        is_training: bool,
    ) -> Tuple[tf.Tensor, tf.Tensor]:
        """Encodes a batch.

        Args:
            inputs: Activations `[batch, length, inputs]`.
            is_real: Where tokens are no padding, `[batch, length]`.
            weights: All weights, in the order of the computation's layout.
            is_training: Whether to drop units.

        Returns:
            Activations `[batch, length, units]` and attention weights
            `[batch, layers, heads, length, length]`, both zero at padding.
        """
        settings = self._pass.settings
        seed = tf.constant(0, tf.int64)
        drops = settings.dropout_rate > 0 or settings.attention_dropout_rate > 0
        if is_training and drops:
            seed = tf.random.uniform([], maxval=tf.int64.max, dtype=tf.int64)

        def encode(inputs: tf.Tensor, *weights: tf.Tensor) -> Any:
            constants = (is_training, seed, is_real)
            outputs, probabilities, ticket = tf.numpy_function(
                self._forward,
                [*constants, inputs, *weights],
                [tf.float32, tf.float32, tf.int64],
            )
            outputs.set_shape([*inputs.shape[:-1], settings.units])
            probabilities.set_shape([settings.layers, None])

            def gradient(
                output_gradients: tf.Tensor, probability_gradients: tf.Tensor
            ) -> List[tf.Tensor]:
                sources = [inputs, *weights]
                gradients = tf.numpy_function(
                    self._backward,
                    [
                        ticket,
                        output_gradients,
                        probability_gradients,
                        *constants,
                        *sources,
                    ],
                    [tf.float32] * len(sources),
                )
                for tensor, source in zip(gradients, sources):
                    tensor.set_shape(source.shape)
                return list(gradients)

            return (outputs, probabilities), gradient

        outputs, probabilities = tf.custom_gradient(encode)(inputs, *weights)
        return outputs, _attention_weights(probabilities, is_real, settings.heads)

    def _forward(
        self,
        is_training: np.ndarray,
        seed: np.ndarray,
        is_real: np.ndarray,
        inputs: np.ndarray,
        *weights: np.ndarray,
    ) -> Tuple[np.ndarray, np.ndarray, np.int64]:
        result = self._compute(bool(is_training), seed, is_real, inputs, weights)
        if not is_training:
            self._pass.release(result)
            return result.outputs, result.probabilities, np.int64(_NO_TICKET)
        with self._lock:
            ticket = next(self._tickets)
            self._kept[ticket] = result
            oldest = (
                self._kept.popitem(last=False)[1]
                if len(self._kept) > _KEPT_PASSES
                else None
            )
        if oldest is not None:
            self._pass.release(oldest)
        return result.outputs, result.probabilities, np.int64(ticket)

    def _backward(
        self,
        ticket: np.ndarray,
        output_gradients: np.ndarray,
        probability_gradients: np.ndarray,
        is_training: np.ndarray,
        seed: np.ndarray,
        is_real: np.ndarray,
        inputs: np.ndarray,
        *weights: np.ndarray,
    ) -> List[np.ndarray]:
        with self._lock:
            result = self._kept.pop(int(ticket), None)
        if result is None:
            result = self._compute(bool(is_training), seed, is_real, inputs, weights)
        used: Optional[np.ndarray] = probability_gradients
        if not probability_gradients.any():
            used = None
        input_gradients, gradients = self._pass.backward(
            result, inputs, output_gradients, used
        )
        self._pass.release(result)
        return [input_gradients, *(gradients[name] for name in self._names)]

    def _compute(
        self,
        is_training: bool,
        seed: np.ndarray,
        is_real: np.ndarray,
        inputs: np.ndarray,
        weights: Sequence[np.ndarray],
    ) -> ForwardPass:
        return self._pass.forward(
            inputs,
            is_real,
            dict(zip(self._names, weights)),
            int(seed) if is_training else None,
        )


def _attention_weights(
    probabilities: tf.Tensor, is_real: tf.Tensor, heads: int
) -> tf.Tensor:
    """Spreads `[layers, pairs]` out to `[batch, layers, heads, length, length]`."""
    pairs = is_real[:, :, tf.newaxis] & is_real[:, tf.newaxis, :]
    by_head = tf.repeat(pairs[:, tf.newaxis], heads, axis=1)
    spread = tf.scatter_nd(
        tf.where(by_head),
        tf.transpose(probabilities),
        tf.concat(
            [tf.shape(by_head, tf.int64), [probabilities.shape[0]]],
            axis=0,
        ),
    )
    return tf.transpose(spread, [0, 4, 1, 2, 3])
