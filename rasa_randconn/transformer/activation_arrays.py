"""The activations of a pass, and the memory that they lie in."""

from __future__ import annotations

import math
from typing import NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.transformer.settings import EncoderSettings


class NormalizationState(NamedTuple):
    """What a normalisation leaves: `[units, tokens]`, `[tokens]`, `[units, tokens]`."""

    standardized: np.ndarray
    inverse_deviations: np.ndarray
    outputs: np.ndarray


class LayerState(NamedTuple):
    """Activations of one encoder layer that the backward pass needs, features first.

    `projected` is `[3 * units, tokens]`: query, key and value.
    """

    attention_norm: NormalizationState
    projected: np.ndarray
    attended: np.ndarray
    feed_forward_norm: NormalizationState
    activated: np.ndarray
    derivatives: np.ndarray


class EncoderState(NamedTuple):
    """Activations of the encoder, and room for those that nobody needs later.

    All are features first; `features` and `gradients` are the residual stream.
    """

    inputs: np.ndarray
    features: np.ndarray
    layers: Tuple[LayerState, ...]
    norm: NormalizationState
    gradients: np.ndarray
    input_gradients: np.ndarray
    normalized_gradients: np.ndarray
    update: np.ndarray
    projected_gradients: np.ndarray
    hidden: np.ndarray


# Numbers in a line of the cache: what begins with one is read without crossing another.
_LINE = 16


class Slab:
    """Memory from which arrays are cut one after the other.

    It is used again from step to step: fresh memory would be zeroed by the operating
    system, page by page, in every one.
    """

    def __init__(self) -> None:
        """Starts without memory."""
        self._memory = np.empty(0, np.float32)
        self._used = 0
        self._cut: Optional[Tuple[Tuple[int, int], EncoderState]] = None

    def reset(self, size: int) -> None:
        """Makes room for so many numbers; arrays cut before must not be used again."""
        self._cut = None
        if self._memory.size < size:
            memory = np.empty(size + size // 4 + _LINE, np.float32)
            shift = -memory.ctypes.data // memory.itemsize % _LINE
            self._memory = memory[shift:]
        self._used = 0

    def array(self, *shape: int) -> np.ndarray:
        """The next array, of arbitrary content."""
        start = self._used
        self._used += math.prod(shape)
        return self._memory[start : self._used].reshape(shape)

    def encoder_state(
        self, settings: EncoderSettings, inputs: int, tokens: int
    ) -> EncoderState:
        """Cuts the activations of some tokens, or returns them if they are cut.

        Args:
            settings: Shape and options of the encoder, the same in every call.
            inputs: Number of inputs of the encoder.
            tokens: Number of tokens.
        """
        size = (inputs, tokens)
        if self._cut is None or self._cut[0] != size:
            state = _cut_encoder_state(settings, inputs, tokens, self)
            self._cut = (size, state)
        return self._cut[1]


def _cut_encoder_state(
    settings: EncoderSettings, inputs: int, tokens: int, slab: Slab
) -> EncoderState:
    units, filter_units = settings.units, settings.filter_units
    per_token = (
        settings.layers * (8 * units + 2 + 2 * filter_units)
        + 2 * inputs
        + 9 * units
        + 1
        + filter_units
    )
    slab.reset(tokens * per_token)

    def features(rows: int) -> np.ndarray:
        return slab.array(rows, tokens)

    def norm() -> NormalizationState:
        return NormalizationState(features(units), slab.array(tokens), features(units))

    def layer() -> LayerState:
        return LayerState(
            attention_norm=norm(),
            projected=features(3 * units),
            attended=features(units),
            feed_forward_norm=norm(),
            activated=features(filter_units),
            derivatives=features(filter_units),
        )

    return EncoderState(
        inputs=features(inputs),
        features=features(units),
        layers=tuple(layer() for _ in range(settings.layers)),
        norm=norm(),
        gradients=features(units),
        input_gradients=features(inputs),
        normalized_gradients=features(units),
        update=features(units),
        projected_gradients=features(3 * units),
        hidden=features(filter_units),
    )
