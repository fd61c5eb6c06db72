"""Public names for what `UnexpecTEDIntentPolicy` keeps private."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
from rasa.utils.tensorflow.constants import TOLERANCE
from rasa.utils.tensorflow.model_data import RasaModelData

from rasa_randconn.stock.policy_hooks import PolicyHooks


class IntentPolicyHooks(PolicyHooks):
    """Mixin for `UnexpecTEDIntentPolicy`.

    Rasa's policy has no thresholds until it is loaded: in the process that trained it,
    no intent is unlikely.

    Attributes:
        label_quantiles: Quantiles of the similarities of every intent.
        label_thresholds: The similarities below which intents are unlikely.
    """

    label_quantiles: Dict[int, List[float]]
    label_thresholds: Dict[int, float]

    def compute_label_quantiles_post_training(
        self, model_data: RasaModelData, label_ids: np.ndarray
    ) -> None:
        """Computes quantiles and, other than stock, thresholds.

        Args:
            model_data: The training data.
            label_ids: Labels of the examples.
        """
        parent: Any = super()
        parent.compute_label_quantiles_post_training(model_data, label_ids)
        self.label_thresholds = self._pick_thresholds(
            self.label_quantiles, self.config[TOLERANCE]
        )
