"""Trains and asks tiny networks, so that every kernel is compiled and kept."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from rasa_randconn.autodiff import Tape
from rasa_randconn.batches.batch import Batch
from rasa_randconn.connections import PATTERNS
from rasa_randconn.kernels.machine_code import machine_code
from rasa_randconn.models.network import Network
from rasa_randconn.nn.metrics import Metrics
from rasa_randconn.training.adam import Adam
from rasa_randconn.warmup.tiny_networks import tiny_networks

_LEARNING_RATE = 0.001

# The second step updates rows that the first one has moved.
_STEPS = 2


class WarmUp(NamedTuple):
    """What a warm-up did.

    Attributes:
        kernels: Number of kernels that are ready.
        compiled: How many of them had to be compiled; the others were loaded.
        seconds: How long it took.
    """

    kernels: int
    compiled: int
    seconds: float


def warm_up() -> WarmUp:
    """Compiles every kernel whose machine code is not kept yet.

    Raises:
        OSError: If machine code cannot be written.
    """
    start = time.perf_counter()
    for pattern in PATTERNS:
        for network, batch in tiny_networks(pattern):
            _train(network, batch)
            network.predict(batch, network.prepare_for_prediction())
    ready = [
        code
        for code in machine_code()
        if not code.is_inlined and (code.compiled or code.loaded)
    ]
    return WarmUp(
        kernels=len(ready),
        compiled=sum(code.compiled > 0 for code in ready),
        seconds=time.perf_counter() - start,
    )


def _train(network: Network, batch: Batch) -> None:
    adam = Adam(network.parameters, _LEARNING_RATE, scales_learning_rate=True)
    random = np.random.default_rng(0)
    for _ in range(_STEPS):
        tape = Tape(random, is_training=True, prepare_rows=adam.prepare)
        network.loss(tape, batch, Metrics())
        tape.backward()
        adam.update()
    adam.flush()
