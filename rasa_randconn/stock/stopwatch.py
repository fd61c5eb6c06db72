"""Measures the epochs of a training of Keras."""

from __future__ import annotations

import math
import time
from typing import Any, Callable, Dict, List, Mapping, Optional

import tensorflow as tf

#: Epochs that say how long one takes now: batches grow, and other programs come and go.
_RECENT = 5


class Stopwatch(tf.keras.callbacks.Callback):
    """Notes when the first batch has been trained on, how long epochs take, and more.

    Attributes:
        first_step_ended: Value of `time.perf_counter` after the first batch.
        epochs: Seconds of every epoch.
        curve: After every epoch, by name: `seconds` since the training began, and the
            loss and the measures that the model logs; `None` for what is not there.
    """

    def __init__(
        self,
        began: Optional[float] = None,
        on_epoch: Optional[Callable[[int, int, Optional[float]], None]] = None,
    ) -> None:
        """Takes the beginning of the training.

        Args:
            began: Value of `time.perf_counter` when it began; now if `None`.
            on_epoch: Told at the beginning and after every epoch: how many epochs are
                finished, how many there will be, and how many seconds one takes now,
                `None` before the second one.
        """
        super().__init__()
        # Keras would otherwise fetch the metrics after every step.
        self._supports_tf_logs = True
        self.first_step_ended: Optional[float] = None
        self.epochs: List[float] = []
        self.curve: Dict[str, List[Optional[float]]] = {"seconds": []}
        self._began = time.perf_counter() if began is None else began
        self._on_epoch = on_epoch
        self._epoch_began = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Says that no epoch is finished."""
        self._tell()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the time of an epoch."""
        self._epoch_began = time.perf_counter()

    def on_epoch_end(
        self, epoch: int, logs: Optional[Mapping[str, Any]] = None
    ) -> None:
        """Stops the time of an epoch, and notes what the model logs."""
        now = time.perf_counter()
        self.epochs.append(now - self._epoch_began)
        self._add_to_curve({"seconds": now - self._began, **(logs or {})})
        self._tell()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Notes the end of the first batch."""
        if self.first_step_ended is None:
            self.first_step_ended = time.perf_counter()

    def _add_to_curve(self, values: Mapping[str, Any]) -> None:
        finished = len(self.curve["seconds"])
        for name, value in values.items():
            # measures of validation data are not there after every epoch
            known = self.curve.setdefault(name, [None] * finished)
            known.append(float(value) if math.isfinite(value) else None)
        for known in self.curve.values():
            if len(known) == finished:
                known.append(None)

    def _tell(self) -> None:
        if self._on_epoch is None:
            return
        # the first epoch includes what is done only once
        recent = self.epochs[1:][-_RECENT:]
        seconds = sum(recent) / len(recent) if recent else None
        self._on_epoch(len(self.epochs), self.params["epochs"], seconds)
