"""The transformer encoder on batches, on all cores.

A batch holds the tokens of its examples one after the other, without padding. It is
split into chunks of whole examples. A chunk goes through all layers while its
activations are in the cache; chunks run side by side.
"""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameters, Tape, Value
from rasa_randconn.kernels import in_parallel
from rasa_randconn.nn.chunk import Chunk, split_into_chunks
from rasa_randconn.nn.encoder_dropout import EncoderDropout
from rasa_randconn.nn.encoder_settings import EncoderSettings
from rasa_randconn.nn.encoder_stack import EncoderStack, StackActivations
from rasa_randconn.nn.flat_weights import FlatWeights, Weights
from rasa_randconn.nn.positional_encoding import PositionalEncoding
from rasa_randconn.nn.workspace import Workspace

# Memory for more tokens is not kept: one very long message would hold it for good.
_MOST_TOKENS_KEPT = 2048


class _Memory:
    """Memory for a chunk, used again from step to step.

    Attributes:
        workspace: Holds the activations.
    """

    def __init__(self, weights: FlatWeights) -> None:
        self.workspace: Workspace[StackActivations] = Workspace()
        self._weights = weights

    @cached_property
    def flat_gradients(self) -> np.ndarray:
        """Gradients with respect to all weights `[size]`; predictions need none."""
        return np.empty(self._weights.size, np.float32)

    @cached_property
    def gradients(self) -> Weights:
        """The same by layer."""
        return self._weights.views(self.flat_gradients)


class _OpenChunk(NamedTuple):
    """A chunk with the memory that it is computed in."""

    chunk: Chunk
    activations: StackActivations
    memory: _Memory


class ForwardPass(NamedTuple):
    """What a forward pass leaves.

    Attributes:
        outputs: Activations `[selected tokens, units]`.
        weights: All weights of the encoder in this pass.
        dropout: The dropout of the pass.
        chunks: What the backward pass needs.
    """

    outputs: np.ndarray
    weights: Weights
    dropout: EncoderDropout
    chunks: List[_OpenChunk]


class Encoder:
    """Embedding with positions, encoder layers, and a last normalisation.

    Computes existing connections and real tokens only. At density 1.0 the result is
    that of Rasa's encoder. Many threads may use one encoder at once.

    Source: Vaswani et al., "Attention Is All You Need", 2017; options as in Rasa 3.6.
    """

    def __init__(
        self, settings: EncoderSettings, inputs: int, parameters: Parameters, path: str
    ) -> None:
        """Creates all weights.

        Args:
            settings: Shape and options of the encoder.
            inputs: Number of inputs.
            parameters: Output: the weights are added.
            path: Path of the encoder within the network.
        """
        self.settings = settings
        self.stack = EncoderStack(settings, inputs, parameters, path)
        self.weights = FlatWeights(self.stack)
        self._encoding = PositionalEncoding(settings.units)
        self._free: List[_Memory] = []
        self._lock = Lock()

    def __call__(
        self,
        tape: Tape,
        tokens: Value,
        lengths: np.ndarray,
        return_attention: bool = False,
        selected: Optional[np.ndarray] = None,
    ) -> Tuple[Value, Optional[np.ndarray]]:
        """Encodes a batch.

        Args:
            tape: The current pass.
            tokens: Activations `[tokens, inputs]`, examples one after the other.
            lengths: Number of tokens of every example.
            return_attention: Whether to return the attention weights.
            selected: The tokens to return, in rising order; all if `None`.

        Returns:
            Activations `[selected tokens, units]`, and attention weights `[batch,
            layers, heads, length, length]`, zero at padding; `None` if not asked for.
        """
        seed = tape.new_seed() if tape.is_training else None
        forward_pass = self.forward(tokens.array, lengths, seed, selected)
        attention = None
        if return_attention:
            attention = self.attention_weights(forward_pass, lengths)
        if not tape.is_training:
            self.release(forward_pass)
            return Value(forward_pass.outputs), attention

        def backward(gradient: np.ndarray) -> None:
            input_gradients, flat_gradients = self.backward(forward_pass, gradient)
            self.release(forward_pass)
            self.weights.add_gradients(flat_gradients)
            tokens.add_gradient(input_gradients)

        return tape.record(Value(forward_pass.outputs), backward), attention

    def forward(
        self,
        inputs: np.ndarray,
        lengths: np.ndarray,
        seed: Optional[int] = None,
        selected: Optional[np.ndarray] = None,
    ) -> ForwardPass:
        """Encodes a batch.

        Args:
            inputs: Activations `[tokens, inputs]`.
            lengths: Number of tokens of every example.
            seed: Seed of the dropout; `None` drops nothing.
            selected: The tokens to return, in rising order; all if `None`. Others are
                not computed after the last attention, where nothing depends on them.
        """
        weights = self.weights.current()
        dropout = EncoderDropout.of_pass(self.settings, seed)
        encoding = self._encoding.up_to(int(lengths.max(initial=0)))
        count = len(inputs) if selected is None else len(selected)
        outputs = np.empty((count, self.settings.units), np.float32)
        chunks = [
            self._open(chunk)
            for chunk in split_into_chunks(
                lengths, selected, self.settings.layers, self.settings.heads
            )
        ]

        def forward_chunk(open_chunk: _OpenChunk) -> None:
            chunk, activations, _ = open_chunk
            self.stack.forward(
                weights, dropout, chunk, activations, encoding, inputs, outputs
            )

        in_parallel(forward_chunk, chunks)
        return ForwardPass(outputs, weights, dropout, chunks)

    def backward(
        self, forward_pass: ForwardPass, output_gradients: np.ndarray
    ) -> Tuple[np.ndarray, np.ndarray]:
        """Computes gradients; can be called once per forward pass.

        Args:
            forward_pass: What `forward` returned.
            output_gradients: Gradients with respect to the outputs
                `[selected tokens, units]`.

        Returns:
            Gradients with respect to the inputs `[tokens, inputs]`, and with respect to
            all weights, as `weights` arranges them.
        """
        tokens = sum(chunk.token_count for chunk, _, _ in forward_pass.chunks)
        input_gradients = np.empty((tokens, self.stack.inputs), np.float32)

        def backward_chunk(open_chunk: _OpenChunk) -> None:
            chunk, activations, memory = open_chunk
            self.stack.backward(
                forward_pass.weights,
                forward_pass.dropout,
                chunk,
                activations,
                output_gradients,
                memory.gradients,
                input_gradients,
            )

        in_parallel(backward_chunk, forward_pass.chunks)
        total = np.zeros(self.weights.size, np.float32)
        for _, _, memory in forward_pass.chunks:
            total += memory.flat_gradients
        return input_gradients, total

    def attention_weights(
        self, forward_pass: ForwardPass, lengths: np.ndarray
    ) -> np.ndarray:
        """Attention weights `[batch, layers, heads, length, length]`, 0 at padding."""
        layers, heads = self.settings.layers, self.settings.heads
        longest = int(lengths.max(initial=0))
        if len(lengths) == 1 and longest:
            only = forward_pass.chunks[0].chunk.attention_weights
            return only.reshape(1, layers, heads, longest, longest)
        padded = np.zeros((len(lengths), layers, heads, longest, longest), np.float32)
        for chunk, _, _ in forward_pass.chunks:
            start = 0
            for i, length in enumerate(np.diff(chunk.starts)):
                end = start + heads * length * length
                example = chunk.attention_weights[:, start:end]
                padded[chunk.first_example + i, :, :, :length, :length] = (
                    example.reshape(layers, heads, length, length)
                )
                start = end
        return padded

    def release(self, forward_pass: ForwardPass) -> None:
        """Gives the memory of a pass to the next ones, but for very long messages."""
        kept = [
            memory
            for chunk, _, memory in forward_pass.chunks
            if chunk.padded_token_count <= _MOST_TOKENS_KEPT
        ]
        with self._lock:
            self._free += kept

    def _open(self, chunk: Chunk) -> _OpenChunk:
        with self._lock:
            memory = self._free.pop() if self._free else _Memory(self.weights)
        tokens, selected = chunk.padded_token_count, chunk.padded_output_count
        activations = memory.workspace.activations(
            (tokens, selected),
            lambda allocate: self.stack.allocate_activations(
                allocate, tokens, selected
            ),
        )
        return _OpenChunk(chunk, activations, memory)
