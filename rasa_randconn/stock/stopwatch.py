"""Measures the epochs of a training of Keras."""

from __future__ import annotations

import time
from typing import Any, List, Optional

import tensorflow as tf


class Stopwatch(tf.keras.callbacks.Callback):
    """Notes when the first batch has been trained on, and how long epochs take.

    Attributes:
        first_step_ended: Value of `time.perf_counter` after the first batch.
        epochs: Seconds of every epoch.
    """

    def __init__(self) -> None:
        super().__init__()
        # Keras would otherwise fetch the metrics after every step.
        self._supports_tf_logs = True
        self.first_step_ended: Optional[float] = None
        self.epochs: List[float] = []
        self._epoch_began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the time of an epoch."""
        self._epoch_began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Stops the time of an epoch."""
        self.epochs.append(time.perf_counter() - self._epoch_began)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Notes the end of the first batch."""
        if self.first_step_ended is None:
            self.first_step_ended = time.perf_counter()
