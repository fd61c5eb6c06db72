"""The encoder's computation, forward and backward, on all cores.

A batch holds the tokens of its examples one after the other, without padding. It is cut
into chunks of whole examples. A chunk goes through all layers at once while its
activations are in the cache; chunks run side by side.
"""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.kernels import PackedProduct, in_parallel
from rasa_randconn.kernels.dropout import dropout_rate
from rasa_randconn.kernels.vectors import whole_vectors
from rasa_randconn.nn.activation_arrays import EncoderState, Workspace
from rasa_randconn.nn.chunk import Chunk, PassOptions
from rasa_randconn.nn.chunk_pass import differentiate, encode
from rasa_randconn.nn.encoder_settings import EncoderSettings
from rasa_randconn.nn.weight_arrays import EncoderArrays, WeightLayout

# More leave a core's cache too often, fewer cost too many calls.
_TOKENS_PER_CHUNK = 512

# A batch of so many tokens is worth cutting in two.
_TOKENS_OF_TWO_CHUNKS = 192

# Memory for more is not kept: one very long message would hold it for good.
_MOST_TOKENS_KEPT = 4 * _TOKENS_PER_CHUNK


class _OpenChunk(NamedTuple):
    """A chunk with the memory it is computed in."""

    chunk: Chunk
    state: EncoderState
    memory: _Memory


class _Memory:
    """Memory for a chunk, used again from step to step.

    Attributes:
        slab: For the activations.
    """

    def __init__(self, layout: WeightLayout) -> None:
        self.slab = Workspace()
        self._layout = layout

    @cached_property
    def flat_gradients(self) -> np.ndarray:
        """Gradients of all weights `[size]`; predictions need none."""
        return np.empty(self._layout.size, np.float32)

    @cached_property
    def gradients(self) -> EncoderArrays:
        """The same for kernels."""
        return self._layout.views(self.flat_gradients)


class ForwardPass(NamedTuple):
    """What a forward pass leaves.

    Attributes:
        outputs: Activations `[wanted tokens, units]`.
        weights: All weights of the encoder in this pass.
        options: Options of the pass.
        chunks: What the backward pass needs.
    """

    outputs: np.ndarray
    weights: EncoderArrays
    options: PassOptions
    chunks: List[_OpenChunk]


class EncoderPass:
    """Computes an encoder and its gradients."""

    def __init__(
        self,
        settings: EncoderSettings,
        products: Mapping[str, PackedProduct],
        shapes: Mapping[str, Tuple[int, ...]],
    ) -> None:
        """Takes what does not change from step to step.

        Args:
            settings: Shape and options of the encoder.
            products: Products with the packed kernels, by path of the layer.
            shapes: Shapes of all weights by their path within the encoder.
        """
        self.settings = settings
        self.layout = WeightLayout(settings, products, shapes)
        self._encoding = np.empty((settings.units, 0), np.float32)
        self._free: List[_Memory] = []
        self._lock = Lock()

    def forward(
        self,
        inputs: np.ndarray,
        lengths: np.ndarray,
        arrays: EncoderArrays,
        seed: Optional[int] = None,
        wanted: Optional[np.ndarray] = None,
    ) -> ForwardPass:
        """Encodes a batch.

        Args:
            inputs: Activations `[tokens, inputs]`.
            lengths: Number of tokens of every example.
            arrays: All weights, as `layout` arranges them.
            seed: Seed of the dropout; `None` to drop nothing.
            wanted: The tokens whose activations are asked for, in rising order; all if
                `None`. Others are not computed where nothing depends on them, which is
                behind the last attention.
        """
        options = self._options(seed)
        encoding = self._encoding_up_to(int(lengths.max(initial=0)))
        count = len(inputs) if wanted is None else len(wanted)
        outputs = np.empty((count, self.settings.units), np.float32)
        chunks = self._open_chunks(lengths, inputs.shape[1], wanted)

        def encode_chunk(open_chunk: _OpenChunk) -> None:
            chunk, state, _ = open_chunk
            encode(arrays, options, chunk, state, encoding, inputs, outputs)

        in_parallel(encode_chunk, chunks)
        return ForwardPass(outputs, arrays, options, chunks)

    def backward(
        self, result: ForwardPass, gradients: np.ndarray
    ) -> Tuple[np.ndarray, Dict[str, np.ndarray]]:
        """Computes gradients; can be called once per forward pass.

        Args:
            result: What the forward pass left.
            gradients: Of the outputs `[wanted tokens, units]`.

        Returns:
            Gradients of the inputs `[tokens, inputs]`, and of all weights by their
            path.
        """
        inputs = self.layout.inputs
        tokens = sum(chunk.starts[-1] for chunk, _, _ in result.chunks)
        input_gradients = np.empty((tokens, inputs), np.float32)

        def differentiate_chunk(open_chunk: _OpenChunk) -> None:
            chunk, state, memory = open_chunk
            differentiate(
                result.weights,
                result.options,
                chunk,
                state,
                gradients,
                memory.gradients,
                input_gradients,
            )

        in_parallel(differentiate_chunk, result.chunks)
        total = np.zeros(self.layout.size, np.float32)
        for _, _, memory in result.chunks:
            total += memory.flat_gradients
        return input_gradients, self.layout.by_path(total)

    def attention_weights(self, result: ForwardPass, lengths: np.ndarray) -> np.ndarray:
        """Attention weights `[batch, layers, heads, length, length]`, 0 at padding."""
        settings, longest = self.settings, int(lengths.max(initial=0))
        layers, heads = settings.layers, settings.heads
        if len(lengths) == 1 and longest:
            only = result.chunks[0].chunk.attention_weights
            return only.reshape(1, layers, heads, longest, longest)
        padded = np.zeros((len(lengths), layers, heads, longest, longest), np.float32)
        for chunk in (open_chunk.chunk for open_chunk in result.chunks):
            start = 0
            for i, length in enumerate(np.diff(chunk.starts)):
                end = start + heads * length * length
                own = chunk.attention_weights[:, start:end]
                padded[chunk.first_example + i, :, :, :length, :length] = own.reshape(
                    layers, heads, length, length
                )
                start = end
        return padded

    def release(self, result: ForwardPass) -> None:
        """Gives the memory of a forward pass to the next ones.

        What a very long message needed is given back to the system.
        """
        kept = [
            memory
            for chunk, _, memory in result.chunks
            if len(chunk.positions) <= _MOST_TOKENS_KEPT
        ]
        with self._lock:
            self._free += kept

    def _options(self, seed: Optional[int]) -> PassOptions:
        settings = self.settings
        is_training = seed is not None
        return PassOptions(
            heads=settings.heads,
            unidirectional=settings.unidirectional,
            max_relative_position=settings.max_relative_position,
            rate=dropout_rate(settings.dropout_rate if is_training else 0.0),
            key_rate=dropout_rate(
                settings.attention_dropout_rate if is_training else 0.0
            ),
            seed=seed or 0,
        )

    def _open_chunks(
        self, lengths: np.ndarray, inputs: int, wanted: Optional[np.ndarray]
    ) -> List[_OpenChunk]:
        starts = np.concatenate([[0], np.cumsum(lengths)])
        tokens = int(starts[-1])
        positions = np.arange(tokens) - np.repeat(starts[:-1], lengths)
        count = _number_of_chunks(tokens)
        borders = np.searchsorted(starts, np.arange(count + 1) * (tokens / count))
        borders[0], borders[-1] = 0, len(lengths)
        output_borders = starts[borders]
        if wanted is not None:
            output_borders = np.searchsorted(wanted, output_borders)
        chunks: List[_OpenChunk] = []
        for i, (first, last) in enumerate(zip(borders[:-1], borders[1:])):
            own = slice(starts[first], starts[last])
            if own.stop == own.start:
                continue
            pairs = self.settings.heads * int(np.square(lengths[first:last]).sum())
            count = own.stop - own.start
            room = whole_vectors(count)
            chunk_positions = np.zeros(room, np.int64)
            chunk_positions[:count] = positions[own]
            own_wanted, room_of_wanted = None, None
            if wanted is not None:
                own_wanted = wanted[output_borders[i] : output_borders[i + 1]]
                own_wanted = own_wanted - own.start
                room_of_wanted = whole_vectors(len(own_wanted))
            chunk = Chunk(
                len(chunks),
                int(first),
                int(own.start),
                chunk_positions,
                starts[first : last + 1] - starts[first],
                own_wanted,
                int(output_borders[i]),
                np.empty((self.settings.layers, pairs), np.float32),
            )
            memory = self._memory()
            state = memory.slab.encoder_state(
                self.settings, inputs, room, room_of_wanted
            )
            chunks.append(_OpenChunk(chunk, state, memory))
        return chunks

    def _memory(self) -> _Memory:
        with self._lock:
            return self._free.pop() if self._free else _Memory(self.layout)

    def _encoding_up_to(self, length: int) -> np.ndarray:
        """Sines at even, cosines at odd units, `[units, length or more]`."""
        encoding = self._encoding
        if encoding.shape[1] < length:
            units = np.arange(self.settings.units)[:, np.newaxis]
            frequencies = np.power(10000.0, -2.0 * (units // 2) / self.settings.units)
            angles = frequencies * np.arange(2 * length)
            encoding = np.where(units % 2 == 0, np.sin(angles), np.cos(angles))
            encoding = encoding.astype(np.float32)
            self._encoding = encoding
        return encoding


def _number_of_chunks(tokens: int) -> int:
    """As many chunks as keep two cores equally busy, whatever machine this is."""
    if tokens < _TOKENS_OF_TWO_CHUNKS:
        return 1
    return 2 * max(1, -(-tokens // (2 * _TOKENS_PER_CHUNK)))
