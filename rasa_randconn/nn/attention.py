"""Multi-head attention, with embeddings of relative positions if wanted."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

import numpy as np

from rasa_randconn.autodiff import Parameter, Parameters
from rasa_randconn.kernels import attention, layout
from rasa_randconn.nn.encoder_settings import EncoderSettings
from rasa_randconn.nn.layer import Layer, PartOf

_NO_EMBEDDINGS = np.empty((0, 0, 0), np.float32)


class RelativeEmbeddings(NamedTuple):
    """Embeddings of relative positions, or their gradients.

    Both are `[heads, distances, depth]`, with one head if all heads share them, and
    empty if there are none.
    """

    keys: np.ndarray
    values: np.ndarray


class Attention(Layer[RelativeEmbeddings]):
    """Lets every token attend to the tokens of its example.

    Source: Vaswani et al., "Attention Is All You Need", 2017; relative positions from
    Shaw et al., "Self-Attention with Relative Position Representations", 2018; dropout
    of attention weights as in Rasa 3.6.
    """

    def __init__(
        self, settings: EncoderSettings, parameters: Parameters, path: str
    ) -> None:
        """Creates the embeddings of relative positions, if there are any.

        Args:
            settings: Options of the encoder.
            parameters: Output: the weights are added.
            path: Path of the attention within the network.
        """
        self._settings = settings
        shape: Tuple[int, ...] = (settings.relative_distances, settings.depth)
        if not settings.heads_share_relative_embedding:
            shape = (settings.heads, *shape)

        def embeddings(name: str, exist: bool) -> Optional[Parameter]:
            return parameters.glorot_uniform(f"{path}/{name}", shape) if exist else None

        self.key_embeddings = embeddings(
            "key_relative_embeddings", settings.use_key_relative_position
        )
        self.value_embeddings = embeddings(
            "value_relative_embeddings", settings.use_value_relative_position
        )

    def views(self, part_of: PartOf) -> RelativeEmbeddings:
        """Embeddings of relative positions (see base class)."""

        def view(embeddings: Optional[Parameter]) -> np.ndarray:
            if embeddings is None:
                return _NO_EMBEDDINGS
            return part_of(embeddings).reshape(-1, *embeddings.array.shape[-2:])

        return RelativeEmbeddings(
            view(self.key_embeddings), view(self.value_embeddings)
        )

    def forward(
        self,
        weights: RelativeEmbeddings,
        starts: np.ndarray,
        projected: np.ndarray,
        key_dropout: Tuple[np.uint32, np.uint32],
        attention_weights: np.ndarray,
        outputs: np.ndarray,
    ) -> None:
        """Computes the attended values.

        Args:
            weights: Embeddings of relative positions.
            starts: First token of every example, and the number of tokens at the end.
            projected: Query, key and value `[3 * units, tokens]`.
            key_dropout: Seed and threshold of the dropout of keys.
            attention_weights: Output: the attention weights of all heads `[pairs]`.
            outputs: Output: the attended values `[units, tokens]`.
        """
        attention.attention(
            projected,
            starts,
            self._settings.heads,
            self._settings.unidirectional,
            self._settings.max_relative_position,
            *weights,
            *key_dropout,
            attention_weights,
            outputs,
        )

    def backward(
        self,
        weights: RelativeEmbeddings,
        starts: np.ndarray,
        projected: np.ndarray,
        attention_weights: np.ndarray,
        output_gradients: np.ndarray,
        gradients: RelativeEmbeddings,
        projected_gradients: np.ndarray,
    ) -> None:
        """Computes the gradients of `forward`.

        Args:
            weights: Embeddings of relative positions.
            starts: First token of every example, and the number of tokens at the end.
            projected: Query, key and value `[3 * units, tokens]`.
            attention_weights: As `forward` left them.
            output_gradients: Gradients with respect to the attended values.
            gradients: Output: the gradients with respect to the embeddings.
            projected_gradients: Output: those with respect to query, key and value.
        """
        for gradient in gradients:
            layout.clear(gradient.reshape(-1))
        attention.attention_backward(
            output_gradients,
            projected,
            starts,
            self._settings.heads,
            self._settings.unidirectional,
            self._settings.max_relative_position,
            *weights,
            attention_weights,
            projected_gradients,
            *gradients,
        )
