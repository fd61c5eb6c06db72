"""The activations of a pass, and the memory that they lie in."""

from __future__ import annotations

import math
from typing import NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.nn.encoder_settings import EncoderSettings


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


class Stream(NamedTuple):
    """The residual stream, its gradients, and room for what is added to either.

    All are features first.

    Attributes:
        features: The residual stream.
        gradients: Its gradients.
        normalized_gradients: Room for gradients of what goes into a sublayer, or comes
            out of the attention.
        update: Room for what a sublayer adds, or its gradients.
        hidden: Room for the hidden units of the feed-forward network.
    """

    features: np.ndarray
    gradients: np.ndarray
    normalized_gradients: np.ndarray
    update: np.ndarray
    hidden: np.ndarray


class EncoderState(NamedTuple):
    """Activations of the encoder, features first.

    Attributes:
        inputs: Of the encoder.
        layers: Of every layer.
        norm: Of the last normalisation.
        input_gradients: Room for the gradients of the inputs.
        projected_gradients: Room for those of queries, keys and values.
        stream: The residual stream of all tokens.
        last_attended: What the last attention found, of the tokens that are asked for.
        last_stream: The residual stream behind the last attention, of the same tokens;
            `stream` itself if all are asked for.
    """

    inputs: np.ndarray
    layers: Tuple[LayerState, ...]
    norm: NormalizationState
    input_gradients: np.ndarray
    projected_gradients: np.ndarray
    stream: Stream
    last_attended: np.ndarray
    last_stream: Stream


# Numbers in a line of the cache: what begins with one is read without crossing another.
_LINE = 16


class Workspace:
    """Memory from which arrays are cut one after the other.

    It is used again from step to step: fresh memory would be zeroed by the operating
    system, page by page, in every one.
    """

    def __init__(self) -> None:
        """Starts without memory."""
        self._memory = np.empty(0, np.float32)
        self._used = 0
        self._cut: Optional[Tuple[Tuple[int, int, Optional[int]], EncoderState]] = None

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
        self,
        settings: EncoderSettings,
        inputs: int,
        tokens: int,
        wanted: Optional[int] = None,
    ) -> EncoderState:
        """Cuts the activations of some tokens, or returns them if they are cut.

        Args:
            settings: Shape and options of the encoder, the same in every call.
            inputs: Number of inputs of the encoder.
            tokens: Number of tokens.
            wanted: Number of tokens that are asked for; all if `None`.
        """
        size = (inputs, tokens, wanted)
        if self._cut is None or self._cut[0] != size:
            state = _cut_encoder_state(settings, inputs, tokens, wanted, self)
            self._cut = (size, state)
        return self._cut[1]


def _cut_encoder_state(
    settings: EncoderSettings,
    inputs: int,
    tokens: int,
    wanted: Optional[int],
    slab: Workspace,
) -> EncoderState:
    units, filter_units, layers = settings.units, settings.filter_units, settings.layers
    last = tokens if wanted is None else wanted
    per_stream = 4 * units + filter_units
    behind_attention = 2 * units + 1 + 2 * filter_units
    per_token = layers * (6 * units + 1) + (layers - 1) * behind_attention
    per_token += 2 * inputs + 3 * units + per_stream
    per_last_token = behind_attention + 2 * units + 1
    if wanted is not None:
        per_last_token += units + per_stream
    slab.reset(tokens * per_token + last * per_last_token)

    def norm(tokens: int) -> NormalizationState:
        return NormalizationState(
            slab.array(units, tokens), slab.array(tokens), slab.array(units, tokens)
        )

    def layer(tokens_behind_attention: int) -> LayerState:
        return LayerState(
            attention_norm=norm(tokens),
            projected=slab.array(3 * units, tokens),
            attended=slab.array(units, tokens),
            feed_forward_norm=norm(tokens_behind_attention),
            activated=slab.array(filter_units, tokens_behind_attention),
            derivatives=slab.array(filter_units, tokens_behind_attention),
        )

    def stream(tokens: int) -> Stream:
        return Stream(
            features=slab.array(units, tokens),
            gradients=slab.array(units, tokens),
            normalized_gradients=slab.array(units, tokens),
            update=slab.array(units, tokens),
            hidden=slab.array(filter_units, tokens),
        )

    all_layers = tuple(
        layer(last if i == layers - 1 else tokens) for i in range(layers)
    )
    whole = stream(tokens)
    return EncoderState(
        inputs=slab.array(inputs, tokens),
        layers=all_layers,
        norm=norm(last),
        input_gradients=slab.array(inputs, tokens),
        projected_gradients=slab.array(3 * units, tokens),
        stream=whole,
        last_attended=(
            all_layers[-1].attended if wanted is None else slab.array(units, last)
        ),
        last_stream=whole if wanted is None else stream(last),
    )
