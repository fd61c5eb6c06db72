"""The transformer encoder on batches, on all cores.

A batch holds the tokens of its examples one after the other, without padding. It is
split into chunks of whole examples. A chunk goes through all layers while its
activations are in the cache; chunks run side by side.
"""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import Any, Callable, Dict, Hashable, List, NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameters, Tape, Value
from rasa_randconn.kernels import in_parallel
from rasa_randconn.kernels.program import run_or_record
from rasa_randconn.nn.chunk import Chunk, split_into_chunks
from rasa_randconn.nn.encoder_dropout import ChunkDropout, EncoderDropout
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
        workspace: Holds the activations, and the programs that compute them.
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
    """A chunk with the memory that it is computed in, and its dropout."""

    chunk: Chunk
    activations: StackActivations
    memory: _Memory
    dropout: ChunkDropout

    def run(
        self,
        part: str,
        others: Dict[str, Any],
        function: Callable[[], None],
    ) -> None:
        """Runs a pass through the chunk by one call of compiled code.

        Args:
            part: What the pass is.
            others: Arrays of the batch, by name.
            function: Makes the calls of kernels, which are recorded if that was not
                done for a chunk of this size.
        """
        chunk, dropout = self.chunk, self.dropout
        key = part, *dropout[:2], chunk.padded_token_count, chunk.padded_output_count
        variables: Dict[Hashable, Any] = {
            "positions": chunk.positions,
            "starts": chunk.starts,
            "selected": chunk.selected,
            **{("seed", *place): seed for place, seed in dropout.seeds.items()},
            **{("attention", i): a for i, a in enumerate(chunk.attention_weights)},
            **{name: array for name, array in others.items()},
        }
        run_or_record(self.memory.workspace.programs, key, variables, function)


class ForwardPass(NamedTuple):
    """What a forward pass leaves.

    Attributes:
        outputs: Activations `[selected tokens, units]`.
        weights: All weights of the encoder in this pass.
        chunks: What the backward pass needs.
    """

    outputs: np.ndarray
    weights: Weights
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
        weights = self.weights.by_layer
        dropout = EncoderDropout.of_pass(self.settings, seed)
        encoding = self._encoding.up_to(int(lengths.max(initial=0)))
        count = len(inputs) if selected is None else len(selected)
        outputs = np.empty((count, self.settings.units), np.float32)
        chunks = [
            self._open(chunk, dropout)
            for chunk in split_into_chunks(
                lengths, selected, self.settings.layers, self.settings.heads
            )
        ]

        def forward_chunk(open_chunk: _OpenChunk) -> None:
            chunk = open_chunk.chunk
            arrays: Dict[str, Any] = {
                "encoding": encoding,
                "inputs": inputs[chunk.tokens],
                "outputs": outputs[chunk.outputs],
            }
            open_chunk.run(
                "forward",
                arrays,
                lambda: self.stack.forward(
                    weights,
                    open_chunk.dropout,
                    chunk,
                    open_chunk.activations,
                    **arrays,
                ),
            )

        in_parallel(forward_chunk, chunks)
        return ForwardPass(outputs, weights, chunks)

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
        tokens = sum(chunk.chunk.token_count for chunk in forward_pass.chunks)
        input_gradients = np.empty((tokens, self.stack.inputs), np.float32)

        def backward_chunk(open_chunk: _OpenChunk) -> None:
            chunk = open_chunk.chunk
            arrays: Dict[str, Any] = {
                "output_gradients": output_gradients[chunk.outputs],
                "input_gradients": input_gradients[chunk.tokens],
            }
            open_chunk.run(
                "backward",
                arrays,
                lambda: self.stack.backward(
                    forward_pass.weights,
                    open_chunk.dropout,
                    chunk,
                    open_chunk.activations,
                    gradients=open_chunk.memory.gradients,
                    **arrays,
                ),
            )

        output_gradients = np.ascontiguousarray(output_gradients)
        in_parallel(backward_chunk, forward_pass.chunks)
        total = np.zeros(self.weights.size, np.float32)
        for open_chunk in forward_pass.chunks:
            total += open_chunk.memory.flat_gradients
        return input_gradients, total

    def attention_weights(
        self, forward_pass: ForwardPass, lengths: np.ndarray
    ) -> np.ndarray:
        """Attention weights `[batch, layers, heads, length, length]`, 0 at padding."""
        layers, heads = self.settings.layers, self.settings.heads
        longest = int(lengths.max(initial=0))
        if len(lengths) == 1 and longest:
            only = forward_pass.chunks[0].chunk.attention_weights
            return np.stack(only).reshape(1, layers, heads, longest, longest)
        padded = np.zeros((len(lengths), layers, heads, longest, longest), np.float32)
        for open_chunk in forward_pass.chunks:
            chunk, start = open_chunk.chunk, 0
            weights = np.stack(chunk.attention_weights)
            for i, length in enumerate(np.diff(chunk.starts)):
                end = start + heads * length * length
                example = weights[:, start:end]
                padded[chunk.first_example + i, :, :, :length, :length] = (
                    example.reshape(layers, heads, length, length)
                )
                start = end
        return padded

    def release(self, forward_pass: ForwardPass) -> None:
        """Gives the memory of a pass to the next ones, but for very long messages."""
        kept = [
            chunk.memory
            for chunk in forward_pass.chunks
            if chunk.chunk.padded_token_count <= _MOST_TOKENS_KEPT
        ]
        with self._lock:
            self._free += kept

    def _open(self, chunk: Chunk, dropout: EncoderDropout) -> _OpenChunk:
        with self._lock:
            memory = self._free.pop() if self._free else _Memory(self.weights)
        tokens, selected = chunk.padded_token_count, chunk.padded_output_count
        activations = memory.workspace.activations(
            (tokens, selected),
            lambda allocate: self.stack.allocate_activations(
                allocate, tokens, selected
            ),
        )
        return _OpenChunk(chunk, activations, memory, dropout.of_chunk(chunk.number))
