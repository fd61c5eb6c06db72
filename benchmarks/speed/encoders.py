"""One training step of the encoder: forward, backward, all gradients."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

import numpy as np
import tensorflow as tf
from rasa.utils.tensorflow.transformer import TransformerEncoder as StockEncoder

from benchmarks.speed.gradient_step import gradient_step
from benchmarks.speed.layers import DENSITIES
from benchmarks.speed.stopwatch import medians
from rasa_randconn.autodiff import Parameters, Tape, Value
from rasa_randconn.connections import LAYER_KINDS, PATTERNS, ConnectionSettings
from rasa_randconn.nn.encoder import Encoder
from rasa_randconn.nn.encoder_settings import EncoderSettings

UNITS = (256, 512)
BATCH = 128
INPUTS = 128
LAYERS = 2
HEADS = 4
DROPOUT = 0.2

# Messages by number of tokens: not counted, but chosen to resemble the Sara data, whose
# messages have 5.9 tokens in the mean (these: 6.1) and at most 25.
LENGTHS = {
    1: 80,
    2: 110,
    3: 120,
    4: 130,
    5: 120,
    6: 110,
    8: 150,
    11: 120,
    16: 45,
    25: 15,
}


def measure(repeats: int) -> List[Dict[str, Any]]:
    """Milliseconds of one step, a row per number of units and density."""
    rows = []
    for units in UNITS:
        for density in DENSITIES:
            functions = {"stock": _stock(units, density)}
            for pattern in PATTERNS:
                functions[pattern] = _ours(units, density, pattern)
            rows.append(
                {"units": units, "density": density, **medians(functions, repeats)}
            )
    return rows


def _ours(units: int, density: float, pattern: str) -> Callable[[], object]:
    settings = EncoderSettings(
        layers=LAYERS,
        units=units,
        heads=HEADS,
        filter_units=4 * units,
        dropout_rate=DROPOUT,
    )
    connections = ConnectionSettings(
        dict.fromkeys(LAYER_KINDS, density), pattern, seed=1
    )
    parameters = Parameters(connections)
    encoder = Encoder(settings, INPUTS, parameters, "encoder")
    lengths, random = _lengths(), np.random.default_rng(1)
    tokens = random.normal(size=(lengths.sum(), INPUTS)).astype(np.float32)

    def step() -> None:
        tape = Tape(random, is_training=True)
        outputs, _ = encoder(tape, Value(tokens), lengths)
        outputs.add_gradient(outputs.array)
        tape.backward()
        for parameter in parameters:
            parameter.gradient = None

    return step


def _stock(units: int, density: float) -> Callable[[], object]:
    encoder = StockEncoder(
        LAYERS, units, HEADS, 4 * units, 0.0, dropout_rate=DROPOUT, density=density
    )
    lengths = _lengths()
    is_real = tf.sequence_mask(lengths, lengths.max(), tf.float32)[:, :, tf.newaxis]
    inputs = tf.random.normal([BATCH, lengths.max(), INPUTS])

    def compute(inputs: tf.Tensor) -> tf.Tensor:
        return encoder(inputs, 1 - is_real, training=True)[0] * is_real

    compute(inputs)
    return gradient_step(encoder, inputs, compute)


def _lengths() -> np.ndarray:
    shares = np.array(list(LENGTHS.values())) / sum(LENGTHS.values())
    return np.random.default_rng(1).choice(list(LENGTHS), BATCH, p=shares)
