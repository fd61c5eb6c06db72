"""The encoder's computation, forward and backward, on all cores.

A batch is cut into chunks of whole examples. A chunk goes through all layers at once
while its activations are in the cache; chunks run side by side, without Python.
"""

from __future__ import annotations

from threading import Lock
from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.kernels import PackedProduct, in_parallel
from rasa_randconn.kernels.dropout import dropout_rate
from rasa_randconn.kernels.vectors import whole_vectors
from rasa_randconn.transformer.activation_arrays import (
    EncoderState,
    Slab,
    encoder_state,
)
from rasa_randconn.transformer.chunk import Chunk, Options
from rasa_randconn.transformer.chunk_pass import differentiate, encode
from rasa_randconn.transformer.settings import EncoderSettings
from rasa_randconn.transformer.weight_arrays import EncoderArrays, WeightLayout

# Activations of so many tokens stay in a core's cache.
_TOKENS_PER_CHUNK = 512


class _OpenChunk(NamedTuple):
    """A chunk with the memory it is computed in."""

    chunk: Chunk
    state: EncoderState
    slab: Slab


class ForwardPass(NamedTuple):
    """What a forward pass leaves.

    Attributes:
        outputs: Activations `[batch, length, units]`, zero at padding.
        probabilities: Attention weights `[layers, pairs]`: examples one after the
            other, of each its heads, of each `[queries, keys]`.
        weights: What it was computed with.
        options: What it was computed with.
        chunks: What the backward pass needs.
    """

    outputs: np.ndarray
    probabilities: np.ndarray
    weights: EncoderArrays
    options: Options
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
        self.products = products
        self.layout = WeightLayout(settings, products, shapes)
        self._encoding = np.empty((settings.units, 0), np.float32)
        self._free_slabs: List[Slab] = []
        self._lock = Lock()

    def forward(
        self,
        inputs: np.ndarray,
        is_real: np.ndarray,
        weights: Mapping[str, np.ndarray],
        seed: Optional[int] = None,
    ) -> ForwardPass:
        """Encodes a batch.

        Args:
            inputs: Activations `[batch, length, inputs]`.
            is_real: Where tokens are no padding, `[batch, length]`.
            weights: All weights by their path within the encoder.
            seed: Seed of the dropout; `None` to drop nothing.
        """
        settings = self.settings
        arrays = self.layout.arrays(weights)
        options = self._options(seed)
        encoding = self._encoding_up_to(is_real.shape[1])
        outputs = np.zeros((*is_real.shape, settings.units), np.float32)
        pairs = settings.heads * int(np.square(is_real.sum(axis=1)).sum())
        probabilities = np.empty((settings.layers, pairs), np.float32)
        chunks = self._open_chunks(is_real, inputs.shape[2])

        def encode_chunk(open_chunk: _OpenChunk) -> None:
            chunk, state, _ = open_chunk
            encode(arrays, options, chunk, state, encoding, inputs, outputs)

        in_parallel(encode_chunk, chunks)
        start = 0
        for chunk, _, _ in chunks:
            end = start + chunk.probabilities.shape[1]
            probabilities[:, start:end] = chunk.probabilities
            start = end
        return ForwardPass(outputs, probabilities, arrays, options, chunks)

    def backward(
        self,
        result: ForwardPass,
        inputs: np.ndarray,
        gradients: np.ndarray,
        probability_gradients: Optional[np.ndarray] = None,
    ) -> Tuple[np.ndarray, Dict[str, np.ndarray]]:
        """Computes gradients; can be called once per forward pass.

        Args:
            result: What the forward pass left.
            inputs: Its inputs.
            gradients: Of the outputs `[batch, length, units]`.
            probability_gradients: Of the attention weights.

        Returns:
            Gradients of the inputs, and of all weights by their path.
        """
        input_gradients = np.zeros(inputs.shape, np.float32)
        by_chunk = np.empty((len(result.chunks), self.layout.size), np.float32)
        starts = np.cumsum(
            [0] + [c.chunk.probabilities.shape[1] for c in result.chunks]
        )
        if probability_gradients is None:
            probability_gradients = np.empty((self.settings.layers, 0), np.float32)

        def differentiate_chunk(open_chunk: _OpenChunk) -> None:
            chunk, state, _ = open_chunk
            own = slice(starts[chunk.number], starts[chunk.number + 1])
            differentiate(
                result.weights,
                result.options,
                chunk,
                state,
                gradients,
                np.ascontiguousarray(probability_gradients[:, own]),
                self.layout.views(by_chunk[chunk.number]),
                input_gradients,
            )

        in_parallel(differentiate_chunk, result.chunks)
        return input_gradients, self.layout.by_path(by_chunk.sum(axis=0))

    def release(self, result: ForwardPass) -> None:
        """Gives the memory of a forward pass to the next ones."""
        with self._lock:
            self._free_slabs += [open_chunk.slab for open_chunk in result.chunks]

    def _options(self, seed: Optional[int]) -> Options:
        settings = self.settings
        is_training = seed is not None
        return Options(
            heads=settings.heads,
            unidirectional=settings.unidirectional,
            farthest=settings.max_relative_position,
            rate=dropout_rate(settings.dropout_rate if is_training else 0.0),
            key_rate=dropout_rate(
                settings.attention_dropout_rate if is_training else 0.0
            ),
            seed=seed or 0,
        )

    def _open_chunks(self, is_real: np.ndarray, inputs: int) -> List[_OpenChunk]:
        examples, positions = np.nonzero(is_real)
        lengths = is_real.sum(axis=1)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        count = max(1, -(-len(positions) // _TOKENS_PER_CHUNK))
        borders = np.searchsorted(starts, np.arange(count + 1) * (starts[-1] / count))
        borders[0], borders[-1] = 0, len(lengths)
        chunks: List[_OpenChunk] = []
        for first, last in zip(borders[:-1], borders[1:]):
            tokens = slice(starts[first], starts[last])
            if tokens.stop == tokens.start:
                continue
            pairs = self.settings.heads * int(np.square(lengths[first:last]).sum())
            count = tokens.stop - tokens.start
            room = whole_vectors(count)
            chunk = Chunk(
                len(chunks),
                examples[tokens],
                np.pad(positions[tokens], (0, room - count)),
                starts[first : last + 1] - starts[first],
                np.empty((self.settings.layers, pairs), np.float32),
            )
            slab = self._slab()
            state = encoder_state(self.settings, inputs, room, slab)
            chunks.append(_OpenChunk(chunk, state, slab))
        return chunks

    def _slab(self) -> Slab:
        with self._lock:
            return self._free_slabs.pop() if self._free_slabs else Slab()

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
