"""Names and defaults of the options that our components have beside stock's.

It imports neither Rasa nor TensorFlow, so that tools can know them, too.
"""

from __future__ import annotations

from typing import Any, Dict

from rasa_randconn.connections import PATTERNS

CONNECTION_PATTERN = "connection_pattern"
SAVE_OPTIMIZER_STATE = "save_optimizer_state"
SAVE_HALF_PRECISION = "save_half_precision"
AVERAGED_EPOCHS = "averaged_epochs"
SCALE_LEARNING_RATE = "scale_learning_rate"

#: The name that the density had up to Rasa 2.5.
WEIGHT_SPARSITY = "weight_sparsity"

#: The density of layers for which the configuration sets none.
DEFAULT_DENSITY = 0.2

#: Options that stock's components do not have, with their defaults.
OWN_OPTIONS: Dict[str, Any] = {
    # How missing connections are chosen: 'grouped' or 'unstructured'.
    CONNECTION_PATTERN: PATTERNS[0],
    # If 'True' the optimiser's state is saved with the model, for finetuning.
    SAVE_OPTIMIZER_STATE: False,
    # If 'True' weights are stored with 16 bits, which halves the model file.
    SAVE_HALF_PRECISION: False,
    # Fraction of the epochs, at the end, whose weights are averaged; 0 for the last.
    AVERAGED_EPOCHS: 0.25,
    # If 'True' layers with fewer connections learn faster, to make up for these.
    SCALE_LEARNING_RATE: True,
}

#: Those that have another default in policies.
OWN_OPTIONS_OF_POLICIES: Dict[str, Any] = {**OWN_OPTIONS, SCALE_LEARNING_RATE: False}
