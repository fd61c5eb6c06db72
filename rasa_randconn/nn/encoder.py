"""The transformer encoder."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameter, Parameters, Tape, Value
from rasa_randconn.connections.settings import ATTENTION, EMBEDDING, FEED_FORWARD
from rasa_randconn.kernels import PackedProduct
from rasa_randconn.nn.encoder_pass import EncoderPass
from rasa_randconn.nn.encoder_settings import EncoderSettings
from rasa_randconn.nn.weight_arrays import PROJECTIONS, EncoderArrays


class Encoder:
    """Embedding with positions, encoder layers, and a last normalisation.

    Computes existing connections and real tokens only. At density 1.0 the result is
    that of Rasa's encoder.

    Source: Vaswani et al., "Attention Is All You Need", 2017; relative positions from
    Shaw et al., 2018; options and dropout of attention weights as in Rasa 3.6.
    """

    def __init__(
        self, settings: EncoderSettings, inputs: int, parameters: Parameters, path: str
    ) -> None:
        """Makes all weights.

        Args:
            settings: Shape and options of the encoder.
            inputs: Number of inputs.
            parameters: Gets the weights.
            path: Path of the encoder within the network.
        """
        self.settings = settings
        self._parameters: Dict[str, Parameter] = {}
        self._products: Dict[str, PackedProduct] = {}
        self._make_weights(inputs, parameters, path)
        self.encoder_pass = EncoderPass(
            settings,
            self._products,
            {name: p.array.shape for name, p in self._parameters.items()},
        )
        is_fixed = not any(product.is_spread for product in self._products.values())
        self._views: Optional[EncoderArrays] = None
        if is_fixed:
            self._lay_side_by_side()

    def __call__(
        self,
        tape: Tape,
        tokens: Value,
        lengths: np.ndarray,
        return_attention: bool = False,
        wanted: Optional[np.ndarray] = None,
    ) -> Tuple[Value, Optional[np.ndarray]]:
        """Encodes a batch.

        Args:
            tape: The current pass.
            tokens: Activations `[tokens, inputs]`, examples one after the other.
            lengths: Number of tokens of every example.
            return_attention: Whether to return the attention weights.
            wanted: The tokens whose activations are asked for, in rising order; all if
                `None`.

        Returns:
            Activations `[wanted tokens, units]`, and attention weights
            `[batch, layers, heads, length, length]`.
        """
        passed = self.encoder_pass
        result = passed.forward(
            tokens.array,
            lengths,
            self._views or self._current_arrays(),
            tape.seed() if tape.is_training else None,
            wanted,
        )
        attention = (
            passed.attention_weights(result, lengths) if return_attention else None
        )
        if not tape.is_training:
            passed.release(result)
            return Value(result.outputs), attention

        def backward(gradient: np.ndarray) -> None:
            input_gradients, gradients = passed.backward(result, gradient)
            passed.release(result)
            for name, weight_gradient in gradients.items():
                self._parameters[name].add_gradient(weight_gradient)
            tokens.add_gradient(input_gradients)

        return tape.record(Value(result.outputs), backward), attention

    def _current_arrays(self) -> EncoderArrays:
        layout = self.encoder_pass.layout
        return layout.views(layout.flat(self._arrays()))

    def _lay_side_by_side(self) -> None:
        """Moves all weights into one array; its views stay valid while they change."""
        layout = self.encoder_pass.layout
        flat = layout.flat(self._arrays())
        for name, array in layout.cut(flat).items():
            self._parameters[name].array = array
        self._views = layout.views(flat)

    def _arrays(self) -> Dict[str, np.ndarray]:
        return {name: p.array for name, p in self._parameters.items()}

    def _make_weights(self, inputs: int, parameters: Parameters, path: str) -> None:
        settings = self.settings
        units = settings.units

        def connect(name: str, kind: str, inputs: int, units: int) -> None:
            connectivity, kernel = parameters.connect(
                f"{path}/{name}", kind, inputs, units
            )
            self._products[name] = PackedProduct(connectivity)
            self._parameters[f"{name}/kernel"] = kernel

        def constant(name: str, size: int, value: float) -> None:
            self._parameters[name] = parameters.constant(
                f"{path}/{name}", (size,), value
            )

        def norm(name: str) -> None:
            constant(f"{name}/gamma", units, 1.0)
            constant(f"{name}/beta", units, 0.0)

        def embeddings(name: str) -> None:
            shape: Tuple[int, ...] = (settings.relative_distances, settings.depth)
            if not settings.heads_share_relative_embedding:
                shape = (settings.heads, *shape)
            self._parameters[name] = parameters.drawn(f"{path}/{name}", shape)

        connect("embedding", EMBEDDING, inputs, units)
        self._parameters["embedding/kernel"].l2 = settings.embedding_l2
        constant("embedding/bias", units, 0.0)
        for i in range(settings.layers):
            layer = f"layer_{i}"
            norm(f"{layer}/attention_norm")
            for name in (*PROJECTIONS, "output"):
                connect(f"{layer}/attention/{name}", ATTENTION, units, units)
            constant(f"{layer}/attention/output/bias", units, 0.0)
            if settings.use_key_relative_position:
                embeddings(f"{layer}/attention/key_relative_embeddings")
            if settings.use_value_relative_position:
                embeddings(f"{layer}/attention/value_relative_embeddings")
            norm(f"{layer}/feed_forward_norm")
            hidden = settings.filter_units
            connect(f"{layer}/feed_forward_in", FEED_FORWARD, units, hidden)
            constant(f"{layer}/feed_forward_in/bias", hidden, 0.0)
            connect(f"{layer}/feed_forward_out", FEED_FORWARD, hidden, units)
            constant(f"{layer}/feed_forward_out/bias", units, 0.0)
        norm("norm")
