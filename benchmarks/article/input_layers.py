"""DIET classifiers whose layers of sparse features are frozen, or randomly connected.

The article leaves these layers dense and asks whether that is what makes random
connections harmless. The components are named in configurations for `compare`.
"""

from __future__ import annotations

import functools
import zlib
from typing import Any, Optional, Tuple, Type

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.utils.tensorflow.constants import CONNECTION_DENSITY

from rasa_randconn import RandConnDIETClassifier
from rasa_randconn.autodiff import Parameters
from rasa_randconn.autodiff.parameters import RowParameter
from rasa_randconn.autodiff.row_gradient import RowGradient, row_gradient_of
from rasa_randconn.connections import densities_by_kind, sample_connectivity
from rasa_randconn.models.layer_factory import LayerFactory
from rasa_randconn.stock.diet_model import RandConnDIET

_TYPES = [
    DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER,
    DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR,
]


class MaskedRows(RowParameter):
    """A kernel of which some weights are never trained.

    Attributes:
        is_trained: 1 for those that are, 0 for the others; of the kernel's shape.
    """

    is_trained: np.ndarray

    @property
    def row_gradient(self) -> Optional[RowGradient]:
        """The gradient, zero for weights that are not trained."""
        gradient = super().row_gradient
        if gradient is None:
            return None
        trained = gradient.to_array(len(self.array)) * self.is_trained
        return row_gradient_of(gradient.rows, trained[gradient.rows])


class FrozenInputsDIET(RandConnDIET):
    """A model whose layers of sparse features keep their initial kernels."""

    def make_network(self, factory: LayerFactory, parameters: Parameters) -> Any:
        """Makes the network (see `RandConnDIET.make_network`)."""
        parameters.glorot_uniform_rows = functools.partial(  # type: ignore[method-assign]
            _frozen_rows, parameters
        )
        return super().make_network(factory, parameters)


class RandomInputsDIET(RandConnDIET):
    """A model whose layers of sparse features are randomly connected, too.

    Their kernels are stored whole: this is about F1, not about time.
    """

    def make_network(self, factory: LayerFactory, parameters: Parameters) -> Any:
        """Makes the network (see `RandConnDIET.make_network`)."""
        density = densities_by_kind(self.config[CONNECTION_DENSITY])["embedding"]
        parameters.glorot_uniform_rows = functools.partial(  # type: ignore[method-assign]
            _connected_rows, parameters, density
        )
        return super().make_network(factory, parameters)


def _frozen_rows(
    parameters: Parameters, path: str, shape: Tuple[int, int], l2: float
) -> MaskedRows:
    return _masked_rows(parameters, path, shape, l2, np.zeros(shape, np.float32))


def _connected_rows(
    parameters: Parameters, density: float, path: str, shape: Tuple[int, int], l2: float
) -> MaskedRows:
    seed = parameters.connections.seed + zlib.crc32(path.encode())
    connectivity = sample_connectivity("unstructured", *shape, density, seed)
    exists = connectivity.mask().astype(np.float32)
    masked = _masked_rows(parameters, path, shape, l2, exists)
    if parameters._stored is None:
        # Glorot's limit for the connections that are left
        fans = connectivity.fan_in + connectivity.fan_out
        masked.array *= exists * np.float32(np.sqrt(sum(shape) / fans))
    return masked


def _masked_rows(
    parameters: Parameters,
    path: str,
    shape: Tuple[int, int],
    l2: float,
    is_trained: np.ndarray,
) -> MaskedRows:
    whole = Parameters.glorot_uniform_rows(parameters, path, shape, l2)
    masked = MaskedRows(path, whole.array, l2)
    masked.is_trained = is_trained
    parameters._parameters[path] = masked
    return masked


@DefaultV1Recipe.register(_TYPES, is_trainable=True)
class FrozenInputsDIETClassifier(RandConnDIETClassifier):
    """Our classifier with layers of sparse features that are never trained."""

    @staticmethod
    def model_class() -> Type[RandConnDIET]:
        """The model that is trained."""
        return FrozenInputsDIET


@DefaultV1Recipe.register(_TYPES, is_trainable=True)
class RandomInputsDIETClassifier(RandConnDIETClassifier):
    """Our classifier with layers of sparse features that are randomly connected."""

    @staticmethod
    def model_class() -> Type[RandConnDIET]:
        """The model that is trained."""
        return RandomInputsDIET
