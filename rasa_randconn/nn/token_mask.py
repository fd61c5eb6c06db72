"""Masks tokens for the masked language model to guess."""

from __future__ import annotations

from typing import Tuple

import numpy as np

from rasa_randconn.autodiff import Parameters, Tape, Value

_MASKED = 0.15
_BY_MASK, _BY_MASK_OR_OTHER = 0.7, 0.8


class TokenMask:
    """Chooses 15% of the tokens, and replaces most of them.

    A chosen token becomes the mask vector (70%) or another token (10%), or stays.

    Source: Devlin et al., "BERT", 2018; Rasa's `InputMask`. In Rasa, another token may
    also be noise from padding. Here there is no padding, so it is a token or a
    sentence.
    """

    def __init__(self, units: int, parameters: Parameters, path: str) -> None:
        """Creates the mask vector.

        Args:
            units: Number of units of a token.
            parameters: Output: the vector is added.
            path: Path of the mask within the network.
        """
        self._vector = parameters.glorot_uniform(f"{path}/mask_vector", (1, 1, units))

    def __call__(
        self, tape: Tape, rows: Value, is_token: np.ndarray
    ) -> Tuple[Value, np.ndarray]:
        """Masks tokens.

        Args:
            tape: The current pass.
            rows: Activations `[rows, units]`.
            is_token: Which rows are tokens; sentences are never masked.

        Returns:
            Rows, some of them replaced, and which tokens were chosen.
        """
        random = tape.random
        count = len(is_token)
        is_chosen = (random.random(count) < _MASKED) & is_token
        choice = random.random(count)
        is_mask = is_chosen & (choice < _BY_MASK)
        is_other = is_chosen & (choice >= _BY_MASK) & (choice < _BY_MASK_OR_OTHER)
        outputs = rows.array.copy()
        outputs[is_mask] = self._vector.array[0, 0]
        outputs[is_other] = rows.array[random.permutation(count)][is_other]

        def backward(gradient: np.ndarray) -> None:
            of_mask = gradient[is_mask].sum(axis=0)
            self._vector.add_gradient(of_mask[np.newaxis, np.newaxis])
            of_rows = gradient.copy()
            of_rows[is_mask | is_other] = 0.0
            rows.add_gradient(of_rows)

        return tape.record(Value(outputs), backward), is_chosen
