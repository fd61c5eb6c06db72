"""Initialisers, regularisers and constraints of dense kernels, for packed ones."""

from __future__ import annotations

from typing import Any, Dict, Optional

import tensorflow as tf

from rasa_randconn.connections import Connectivity
from rasa_randconn.keras.packed_product import unpack_kernel

_ELEMENTWISE_REGULARIZERS = (
    tf.keras.regularizers.L1,
    tf.keras.regularizers.L2,
    tf.keras.regularizers.L1L2,
)


def _pack(dense: tf.Tensor, connectivity: Connectivity) -> tf.Tensor:
    rows, columns = connectivity.indices()
    positions = (rows * connectivity.units + columns).astype("int32")
    return tf.gather(tf.reshape(dense, [-1]), positions)


class PackedInitializer(tf.keras.initializers.Initializer):
    """Initialises a packed kernel as the wrapped initialiser would a dense one.

    Initialisers that scale with the fan-in or fan-out (Glorot, He, LeCun and
    `VarianceScaling`) scale with the numbers of connections that really exist, so the
    activations keep their variance at every density, as in the layers of `nn`. All
    others initialise a dense kernel, of which the existing weights are kept.
    """

    def __init__(
        self, initializer: tf.keras.initializers.Initializer, connectivity: Connectivity
    ) -> None:
        """Wraps an initialiser of dense kernels."""
        self.initializer = initializer
        self.connectivity = connectivity

    def __call__(
        self, shape: Any, dtype: Optional[Any] = None, **kwargs: Any
    ) -> tf.Tensor:
        """Returns the initial values `[count]`."""
        connectivity = self.connectivity
        is_scaling = isinstance(self.initializer, tf.keras.initializers.VarianceScaling)
        if connectivity.is_dense or not is_scaling:
            dense_shape = (connectivity.inputs, connectivity.units)
            dense = self.initializer(dense_shape, dtype=dtype)
            return _pack(dense, connectivity)
        return self._scaled_to_existing_connections(dtype)

    def _scaled_to_existing_connections(self, dtype: Optional[Any]) -> tf.Tensor:
        fan_in, fan_out = self.connectivity.fans
        fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        count = self.connectivity.count
        # A one-dimensional shape has a fan-in of its own length, which is divided out.
        initializer = tf.keras.initializers.VarianceScaling(
            scale=self.initializer.scale * count / fans[self.initializer.mode],
            mode="fan_in",
            distribution=self.initializer.distribution,
            seed=self.initializer.seed,
        )
        return initializer((count,), dtype=dtype)

    def get_config(self) -> Dict[str, Any]:
        """The wrapped initialiser's configuration."""
        return dict(self.initializer.get_config())


class PackedRegularizer(tf.keras.regularizers.Regularizer):
    """Applies a regulariser to the dense view of a packed kernel."""

    def __init__(self, regularizer: Any, connectivity: Connectivity) -> None:
        """Wraps a regulariser of dense kernels."""
        self.regularizer = regularizer
        self.connectivity = connectivity

    def __call__(self, kernel: tf.Tensor) -> tf.Tensor:
        """Returns the penalty of a packed kernel `[count]`, a scalar."""
        return self.regularizer(unpack_kernel(kernel, self.connectivity))

    def get_config(self) -> Dict[str, Any]:
        """The wrapped regulariser's configuration."""
        return dict(self.regularizer.get_config())


class PackedConstraint(tf.keras.constraints.Constraint):
    """Applies a constraint to the dense view of a packed kernel."""

    def __init__(self, constraint: Any, connectivity: Connectivity) -> None:
        """Wraps a constraint on dense kernels."""
        self.constraint = constraint
        self.connectivity = connectivity

    def __call__(self, kernel: tf.Tensor) -> tf.Tensor:
        """Returns the constrained kernel `[count]`."""
        dense = unpack_kernel(tf.convert_to_tensor(kernel), self.connectivity)
        return _pack(self.constraint(dense), self.connectivity)

    def get_config(self) -> Dict[str, Any]:
        """The wrapped constraint's configuration."""
        return dict(self.constraint.get_config())


def packed_regularizer(regularizer: Any, connectivity: Connectivity) -> Any:
    """The regulariser to put on the packed kernel, `None` if there is none.

    L1 and L2 are sums over weights: what does not exist adds nothing, so they stay.
    """
    if regularizer is None or type(regularizer) in _ELEMENTWISE_REGULARIZERS:
        return regularizer
    return PackedRegularizer(regularizer, connectivity)


def packed_constraint(constraint: Any, connectivity: Connectivity) -> Any:
    """The constraint to put on the packed kernel, `None` if there is none."""
    if constraint is None or type(constraint) is tf.keras.constraints.NonNeg:
        return constraint
    return PackedConstraint(constraint, connectivity)
