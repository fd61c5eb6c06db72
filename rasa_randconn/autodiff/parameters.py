"""The weights of a network by their path."""

from __future__ import annotations

import zlib
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple, TypeVar

import numpy as np

from rasa_randconn.autodiff.row_gradient import RowGradient, sum_of
from rasa_randconn.autodiff.tape import Value
from rasa_randconn.connections import ConnectionSettings, Connectivity

# A smaller kernel takes less time as a whole than by rows.
_FEWEST_WEIGHTS_BY_ROWS = 2**15


class StoredLayer(NamedTuple):
    """The connections of a randomly connected layer.

    Attributes:
        connectivity: The connections that exist.
        density: The configured density, in [0, 1].
    """

    connectivity: Connectivity
    density: float


class Parameter(Value):
    """An array of weights, which is only changed in place once the network is made.

    Attributes:
        path: Where it is in the network, e.g. `embed.text/kernel`.
        array: The weights.
        gradient: Gradient of the loss, of the same shape; `None` if there is none.
        l2: Factor of the squared weights in the loss.
        is_trainable: Whether training changes it.
    """

    def __init__(
        self, path: str, array: np.ndarray, l2: float = 0.0, is_trainable: bool = True
    ) -> None:
        """Wraps an array."""
        super().__init__(array)
        self.path = path
        self.l2 = l2
        self.is_trainable = is_trainable

    @property
    def density(self) -> float:
        """Fraction of the weights of a dense layer that exist."""
        return 1.0

    def clear_gradient(self) -> None:
        """Removes the gradient."""
        self.gradient = None


class KernelParameter(Parameter):
    """The packed kernel `[count]` of a randomly connected layer.

    Attributes:
        connectivity: Which connections the weights belong to.
    """

    def __init__(
        self,
        path: str,
        array: np.ndarray,
        connectivity: Connectivity,
        l2: float = 0.0,
    ) -> None:
        """Wraps a kernel."""
        super().__init__(path, array, l2)
        self.connectivity = connectivity

    @property
    def density(self) -> float:
        """Fraction of the weights of a dense layer that exist."""
        return self.connectivity.density


class RowParameter(Parameter):
    """A kernel `[rows, units]` of which a batch needs only some rows.

    Its gradient is no array: most rows have none.
    """

    def __init__(self, path: str, array: np.ndarray, l2: float = 0.0) -> None:
        """Wraps a kernel."""
        super().__init__(path, array, l2)
        self._row_gradients: List[RowGradient] = []

    @property
    def row_gradient(self) -> Optional[RowGradient]:
        """The gradient of the loss; `None` if there is none."""
        return sum_of(self._row_gradients) if self._row_gradients else None

    def add_row_gradient(self, gradient: RowGradient) -> None:
        """Adds to the gradient. The caller must not change its arrays afterwards."""
        self._row_gradients.append(gradient)

    def clear_gradient(self) -> None:
        """Removes the gradient."""
        self._row_gradients.clear()


ParameterT = TypeVar("ParameterT", bound=Parameter)


class Parameters:
    """All weights of a network, initialised at random or read from a file.

    Random values depend on the seed and the path alone, not on the order in which
    weights are created.
    """

    def __init__(
        self,
        connections: ConnectionSettings,
        stored: Optional[Mapping[str, np.ndarray]] = None,
        stored_layers: Optional[Mapping[str, StoredLayer]] = None,
    ) -> None:
        """Starts without weights.

        Args:
            connections: How connections are sampled, and the seed of all weights.
            stored: Weights to use instead of random ones.
            stored_layers: Connections to use instead of sampling them.
        """
        self.connections = connections
        self._stored = stored
        self._stored_layers = stored_layers
        self._parameters: Dict[str, Parameter] = {}
        self._layers: Dict[str, StoredLayer] = {}

    def __iter__(self) -> Iterator[Parameter]:
        """All parameters in the order of their creation."""
        return iter(self._parameters.values())

    def __getitem__(self, path: str) -> Parameter:
        """The parameter at a path."""
        return self._parameters[path]

    @property
    def layers(self) -> Mapping[str, StoredLayer]:
        """The randomly connected layers by their path."""
        return self._layers

    def arrays(self) -> Dict[str, np.ndarray]:
        """All weights by their path."""
        return {parameter.path: parameter.array for parameter in self}

    @property
    def trainable_weights(self) -> int:
        """Number of weights that training changes."""
        return sum(p.array.size for p in self if p.is_trainable)

    @property
    def regularization_loss(self) -> float:
        """The part of the loss that penalises large weights."""
        return sum(p.l2 * float(np.vdot(p.array, p.array)) for p in self if p.l2 > 0)

    @property
    def number_of_connections(self) -> int:
        """Number of weights in randomly connected layers, without biases."""
        return sum(layer.connectivity.count for layer in self._layers.values())

    def connect(
        self, path: str, layer_kind: str, inputs: int, units: int, l2: float = 0.0
    ) -> KernelParameter:
        """Creates the connections of a layer, and its packed kernel `[count]`.

        Initial weights scale with the fan-in and fan-out that really exist.

        Args:
            path: Path of the layer.
            layer_kind: One of `LAYER_KINDS`, which decides about the density.
            inputs: Number of inputs.
            units: Number of outputs.
            l2: Factor of the squared weights in the loss.

        Raises:
            ValueError: If stored connections or weights are missing or do not fit, or
                if the path is taken.
        """
        density = self.connections.densities[layer_kind]
        if self._stored_layers is None:
            connectivity = self.connections.sample(path, layer_kind, inputs, units)
        else:
            if path not in self._stored_layers:
                raise ValueError(f"the connections of '{path}' are missing")
            connectivity, density = self._stored_layers[path]
            if (connectivity.inputs, connectivity.units) != (inputs, units):
                raise ValueError(
                    f"'{path}' connects {connectivity.inputs} inputs with "
                    f"{connectivity.units} units, not {inputs} with {units}"
                )
        self._layers[path] = StoredLayer(connectivity, density)
        kernel = f"{path}/kernel"
        values = self._values(kernel, (connectivity.count,), connectivity.fans)
        return self._add(KernelParameter(kernel, values, connectivity, l2))

    def glorot_uniform(
        self,
        path: str,
        shape: Tuple[int, ...],
        fans: Optional[Tuple[float, float]] = None,
        l2: float = 0.0,
        is_trainable: bool = True,
    ) -> Parameter:
        """Creates weights with Glorot's uniform distribution.

        Args:
            path: Path of the weights.
            shape: Their shape.
            fans: Fan-in and fan-out; those of the shape if `None`.
            l2: Factor of the squared weights in the loss.
            is_trainable: Whether training changes them.

        Source: Glorot and Bengio, 2010, as in Keras.
        """
        return self._add(
            Parameter(path, self._values(path, shape, fans), l2, is_trainable)
        )

    def glorot_uniform_rows(
        self, path: str, shape: Tuple[int, int], l2: float
    ) -> Parameter:
        """Creates a kernel `[rows, units]` of which a batch needs only some rows.

        Returns:
            A `RowParameter`, unless the kernel is too small for that to pay.
        """
        if np.prod(shape) < _FEWEST_WEIGHTS_BY_ROWS:
            return self.glorot_uniform(path, shape, l2=l2)
        return self._add(RowParameter(path, self._values(path, shape, None), l2))

    def constant(self, path: str, shape: Tuple[int, ...], value: float) -> Parameter:
        """Creates weights that all have the same initial value."""
        return self._add(Parameter(path, self._stored_or(path, shape, value)))

    def require_nothing_left(self) -> None:
        """Makes sure that no stored weight or connection was left unused.

        Raises:
            ValueError: If one was.
        """
        left = sorted(set(self._stored or ()) - set(self._parameters))
        left += sorted(set(self._stored_layers or ()) - set(self._layers))
        if left:
            raise ValueError(f"there is no '{left[0]}' in this model")
        # Weights may have moved since, and would be in memory twice.
        self._stored = self._stored_layers = None

    def _add(self, parameter: ParameterT) -> ParameterT:
        if parameter.path in self._parameters:
            raise ValueError(f"Two weights have the path '{parameter.path}'.")
        self._parameters[parameter.path] = parameter
        return parameter

    def _values(
        self,
        path: str,
        shape: Tuple[int, ...],
        fans: Optional[Tuple[float, float]],
    ) -> np.ndarray:
        if self._stored is not None:
            return self._stored_or(path, shape, 0.0)
        receptive = int(np.prod(shape[:-2]))
        fan_in, fan_out = fans or (shape[-2] * receptive, shape[-1] * receptive)
        limit = np.sqrt(6.0 / (fan_in + fan_out))
        seed = (self.connections.seed % 2**32, zlib.crc32(f"{path}:values".encode()))
        random = np.random.Generator(np.random.PCG64(seed))
        values = random.random(shape, np.float32)
        values *= np.float32(2 * limit)
        values -= np.float32(limit)
        return values

    def _stored_or(self, path: str, shape: Tuple[int, ...], value: float) -> np.ndarray:
        if self._stored is None:
            return np.full(shape, value, np.float32)
        if path not in self._stored:
            raise ValueError(f"'{path}' is missing")
        stored = self._stored[path]
        if stored.shape != shape:
            raise ValueError(
                f"'{path}' has the shape {list(stored.shape)}, not {list(shape)}"
            )
        if stored.dtype not in (np.float32, np.float16):
            raise ValueError(f"'{path}' has numbers of the type {stored.dtype}")
        return np.ascontiguousarray(stored, np.float32)
