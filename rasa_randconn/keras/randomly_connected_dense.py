"""A dense layer of which only a random part of the connections exists."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence, Union

import numpy as np
import tensorflow as tf

from rasa_randconn.connections import Connectivity, sample_connectivity
from rasa_randconn.connections.sampling import PATTERNS, check_fraction, check_pattern
from rasa_randconn.keras.packed_kernel import (
    PackedInitializer,
    packed_constraint,
    packed_regularizer,
)
from rasa_randconn.keras.packed_product import packed_product, unpack_kernel


@tf.keras.utils.register_keras_serializable(package="rasa_randconn")
class RandomlyConnectedDense(tf.keras.layers.Dense):
    """Dense layer with a fixed random subset of the connections, for Keras models.

    For your own Keras models: use it in place of `tf.keras.layers.Dense`. The
    components of this package do not use it; their layers have the same connections
    and the same initial distribution, but run on compiled kernels without TensorFlow.

    Computes `activation(dot(inputs, kernel) + bias)` where only some weights of the
    kernel exist. They are sampled when the layer is built and never change. The
    variable `kernel` is packed: it has the shape `[connections]` and holds the existing
    weights and nothing else. At density 1.0 the layer is equivalent to
    `tf.keras.layers.Dense`; at density 0.0 it has `max(inputs, units)` connections.

    Every output has at least one input and every input reaches at least one output.

    Models with this layer are saved and loaded like all others: once `rasa_randconn` is
    imported, `tf.keras.models.load_model` needs no `custom_objects`.

    Examples:
        >>> layer = RandomlyConnectedDense(8, density=0.25, pattern="unstructured")
        >>> layer.build([None, 8])
        >>> layer.connections
        16

    Input shape:
        `[batch, ..., inputs]`, of rank 2 or higher.

    Output shape:
        `[batch, ..., units]`

    Source: Mosig and Vlasov, "Why Rasa uses Sparse Layers in Transformers", 2021.
    """

    def __init__(
        self,
        units: int,
        density: float = 0.2,
        pattern: str = PATTERNS[0],
        seed: Optional[Union[int, Sequence[int]]] = None,
        **kwargs: Any,
    ) -> None:
        """Configures the layer; connections are sampled when it is built.

        Args:
            units: Number of outputs.
            density: Fraction of the connections that exist, in [0, 1].
            pattern: `grouped` (fast) or `unstructured` (the article's pattern).
            seed: Seed of the connections. Without one, it is taken from NumPy's global
                state when the layer is built, and is part of the configuration from
                then on. Files of weights alone, as `save_weights` writes them, fit
                only a layer with the same seed.
            **kwargs: Every other argument of `tf.keras.layers.Dense`.

        Raises:
            ValueError: If density or pattern is not allowed.
        """
        super().__init__(units, **kwargs)
        self.density = check_fraction("density", density)
        self.pattern = check_pattern("pattern", pattern)
        self.seed = seed
        self._connectivity: Optional[Connectivity] = None

    def build(self, input_shape: Any) -> None:
        """Samples the connections and creates the packed kernel.

        Args:
            input_shape: Shape of the inputs; its last dimension must be known.

        Raises:
            ValueError: If the last dimension is not known.
        """
        inputs = tf.TensorShape(input_shape)[-1]
        if inputs is None:
            raise ValueError(
                "The last dimension of the inputs must be known to sample connections."
            )
        if self.seed is None:
            # kept, so that a copy made from the configuration has the same connections
            self.seed = int(np.random.randint(2**31))
        self._connectivity = sample_connectivity(
            self.pattern, int(inputs), self.units, self.density, self.seed
        )
        regularizer = packed_regularizer(self.kernel_regularizer, self._connectivity)
        constraint = packed_constraint(self.kernel_constraint, self._connectivity)
        self.kernel = self.add_weight(
            "kernel",
            shape=[self._connectivity.count],
            initializer=PackedInitializer(self.kernel_initializer, self._connectivity),
            regularizer=regularizer,
            constraint=constraint,
            dtype=self.dtype,
            trainable=True,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=[self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                dtype=self.dtype,
                trainable=True,
            )
        self.input_spec = tf.keras.layers.InputSpec(
            min_ndim=2, axes={-1: self._connectivity.inputs}
        )
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Applies the layer.

        Args:
            inputs: Activations `[batch, ..., inputs]`.

        Returns:
            Activations `[batch, ..., units]`.
        """
        connectivity = self.connectivity
        inputs = tf.cast(inputs, self.compute_dtype)
        flat = tf.reshape(inputs, [-1, connectivity.inputs])
        if connectivity.is_dense:
            outputs = tf.matmul(flat, unpack_kernel(self.kernel, connectivity))
        else:
            outputs = tf.transpose(
                packed_product(self.kernel, connectivity, tf.transpose(flat))
            )
        if self.bias is not None:
            outputs = tf.nn.bias_add(outputs, self.bias)
        if self.activation is not None:
            outputs = self.activation(outputs)
        outputs = tf.reshape(
            outputs, tf.concat([tf.shape(inputs)[:-1], [self.units]], axis=0)
        )
        outputs.set_shape(inputs.shape[:-1].concatenate(self.units))
        return outputs

    @property
    def connectivity(self) -> Connectivity:
        """Which connections exist.

        Raises:
            ValueError: If the layer has not been built yet.
        """
        if self._connectivity is None:
            raise ValueError(
                f"Layer '{self.name}' has no connections yet: they are sampled when "
                f"it is built on its first input."
            )
        return self._connectivity

    @property
    def connections(self) -> int:
        """Number of connections, which is the size of the kernel variable."""
        return self.connectivity.count

    def to_dense(self) -> np.ndarray:
        """The kernel as a dense layer would hold it.

        Returns:
            Array `[inputs, units]`, zero where no connection exists.
        """
        return self.connectivity.unpack(self.kernel.numpy())

    @classmethod
    def from_dense(
        cls,
        dense: tf.keras.layers.Dense,
        density: float = 0.2,
        pattern: str = PATTERNS[0],
        seed: Optional[Union[int, Sequence[int]]] = None,
    ) -> RandomlyConnectedDense:
        """Makes a randomly connected layer that keeps weights of a dense one.

        The weights on existing connections and the bias are taken over, all others are
        dropped; at density 1.0 nothing is lost.

        Args:
            dense: A built `tf.keras.layers.Dense`, or one of ours.
            density: Fraction of the connections to keep, in [0, 1].
            pattern: `grouped` or `unstructured`.
            seed: Seed of the connections.

        Returns:
            The built layer.

        Raises:
            ValueError: If `dense` is not built, or density or pattern not allowed.
        """
        if not dense.built:
            raise ValueError("The dense layer must be built before it is converted.")
        config = tf.keras.layers.Dense.get_config(dense)
        layer = cls(density=density, pattern=pattern, seed=seed, **config)
        is_ours = isinstance(dense, RandomlyConnectedDense)
        kernel = dense.to_dense() if is_ours else dense.kernel.numpy()
        layer.build([None, kernel.shape[0]])
        layer.kernel.assign(layer.connectivity.pack(kernel))
        if layer.bias is not None:
            layer.bias.assign(dense.bias)
        return layer

    def get_config(self) -> Dict[str, Any]:
        """The layer's arguments, from which `from_config` makes it again."""
        return {
            **super().get_config(),
            "density": self.density,
            "pattern": self.pattern,
            "seed": self.seed,
        }

    def __repr__(self) -> str:
        """The layer's facts in one line."""
        facts = f"units={self.units}, density={self.density}, pattern={self.pattern!r}"
        if self.built:
            facts += (
                f", inputs={self.connectivity.inputs}, connections={self.connections}"
            )
        return f"{type(self).__name__}({facts}, name={self.name!r})"
