"""Layer normalisation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rasa_randconn.autodiff import Parameter, Parameters
from rasa_randconn.kernels import layer_norm
from rasa_randconn.nn.layer import Layer, PartOf
from rasa_randconn.nn.workspace import Allocate

_EPSILON = np.float32(1e-6)


class GammaAndBeta(NamedTuple):
    """Weights of a layer normalisation, or their gradients; `[units]`."""

    gamma: np.ndarray
    beta: np.ndarray


class NormalizedActivations(NamedTuple):
    """What the forward pass leaves for the backward pass.

    Attributes:
        standardized: Inputs with mean 0 and variance 1, `[units, tokens]`.
        inverse_deviations: 1 over the standard deviation, `[tokens]`.
        outputs: Scaled and shifted, `[units, tokens]`.
    """

    standardized: np.ndarray
    inverse_deviations: np.ndarray
    outputs: np.ndarray


class LayerNorm(Layer[GammaAndBeta]):
    """Normalises every token over its units.

    Source: Ba, Kiros and Hinton, "Layer Normalization", 2016.
    """

    def __init__(self, parameters: Parameters, path: str, units: int) -> None:
        """Creates the weights.

        Args:
            parameters: Output: the weights are added.
            path: Path of the layer within the network.
            units: Number of units.
        """
        self.gamma: Parameter = parameters.constant(f"{path}/gamma", (units,), 1.0)
        self.beta: Parameter = parameters.constant(f"{path}/beta", (units,), 0.0)
        self._units = units

    def views(self, part_of: PartOf) -> GammaAndBeta:
        """Scale and shift (see base class)."""
        return GammaAndBeta(part_of(self.gamma), part_of(self.beta))

    def allocate_activations(
        self, allocate: Allocate, tokens: int
    ) -> NormalizedActivations:
        """Memory for one pass of so many tokens."""
        return NormalizedActivations(
            standardized=allocate(self._units, tokens),
            inverse_deviations=allocate(tokens),
            outputs=allocate(self._units, tokens),
        )

    @staticmethod
    def forward(
        weights: GammaAndBeta, inputs: np.ndarray, activations: NormalizedActivations
    ) -> None:
        """Normalises activations.

        Args:
            weights: Weights of the layer.
            inputs: Activations `[units, tokens]`.
            activations: Output: the results.
        """
        layer_norm.normalize(
            inputs,
            weights.gamma,
            weights.beta,
            _EPSILON,
            activations.standardized,
            activations.inverse_deviations,
            activations.outputs,
        )

    @staticmethod
    def backward(
        weights: GammaAndBeta,
        activations: NormalizedActivations,
        output_gradients: np.ndarray,
        gradients: GammaAndBeta,
        input_gradients: np.ndarray,
    ) -> None:
        """Computes the gradients of `forward`.

        Args:
            weights: Weights of the layer.
            activations: What `forward` left.
            output_gradients: Gradients with respect to the outputs `[units, tokens]`.
            gradients: Output: the gradients with respect to the weights.
            input_gradients: Output: the gradients with respect to the inputs are added.
        """
        layer_norm.normalize_backward(
            output_gradients,
            weights.gamma,
            activations.standardized,
            activations.inverse_deviations,
            input_gradients,
            gradients.gamma,
            gradients.beta,
        )
