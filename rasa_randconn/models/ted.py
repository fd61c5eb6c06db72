"""TED with randomly connected layers."""

from typing import Any, Dict, List

import tensorflow as tf
from rasa.core.policies.ted_policy import DIALOGUE, INDICES, LENGTH, TED

from rasa_randconn.models.randomly_connected_model import RandomlyConnectedModel


class RandConnTED(RandomlyConnectedModel, TED):
    """Rasa's TED (Vlasov et al., 2019) on randomly connected layers."""

    @staticmethod
    def _compute_dialogue_indices(
        tf_batch_data: Dict[str, Dict[str, List[tf.Tensor]]]
    ) -> None:
        """Notes down the position of every turn in its dialogue.

        Stock runs a loop over the dialogues of the batch, which took a fifth of a step.

        Args:
            tf_batch_data: The batch by attribute and feature; gets another feature.
        """
        lengths = tf.cast(tf_batch_data[DIALOGUE][LENGTH][0], tf.int32)
        tf_batch_data[DIALOGUE][INDICES] = [tf.ragged.range(lengths).values]
