"""Dropout that decides by hashing seed and index, so that no mask is stored."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rasa_randconn.kernels.array_types import Floats1, Floats2
from rasa_randconn.kernels.compilation import compiled, inlined

_BITS = 32


class DropoutRate(NamedTuple):
    """A dropout rate in the form that kernels take.

    Attributes:
        threshold: Random 32-bit integers below it drop a unit.
        scale: Factor of kept units, `1 / (1 - rate)`.
    """

    threshold: np.uint32
    scale: np.float32


@lru_cache(maxsize=64)
def dropout_rate(rate: float) -> DropoutRate:
    """Converts a rate in [0, 1]; at 1, as in Keras, every unit is dropped."""
    threshold = min(round(rate * 2**_BITS), 2**_BITS - 1)
    scale = 1 / (1 - rate) if rate < 1 else 0.0
    return DropoutRate(np.uint32(threshold), np.float32(scale))


@lru_cache(maxsize=1024)
def seed_of(*numbers: int) -> np.uint32:
    """Derives a seed from numbers, such as those of a chunk and a layer."""
    return np.uint32(zlib.crc32(struct.pack(f"{len(numbers)}q", *numbers)))


@inlined
def is_kept(index: int, seed: np.uint32, threshold: np.uint32) -> bool:
    """Whether dropout keeps the unit at an index.

    Source: the finaliser of MurmurHash3 (Appleby), applied to index and seed.
    """
    bits = np.uint32(np.uint32(index) * np.uint32(0x9E3779B1)) ^ np.uint32(seed)
    bits = np.uint32(bits ^ (bits >> np.uint32(16)))
    bits = np.uint32(bits * np.uint32(0x85EBCA6B))
    bits = np.uint32(bits ^ (bits >> np.uint32(13)))
    bits = np.uint32(bits * np.uint32(0xC2B2AE35))
    bits = np.uint32(bits ^ (bits >> np.uint32(16)))
    return bool(bits >= threshold)


@inlined
def kept_factor(
    index: int, seed: np.uint32, threshold: np.uint32, scale: np.float32
) -> np.float32:
    """The factor of the unit at an index: `scale` or 0."""
    return scale if is_kept(index, seed, threshold) else np.float32(0.0)


@compiled
def add_residual(
    features: Floats2,
    update: Floats2,
    bias: Floats1,
    seed: np.uint32,
    threshold: np.uint32,
    scale: np.float32,
) -> None:
    """Adds a sublayer's output to the residual stream, with bias and dropout.

    Args:
        features: The residual stream `[units, tokens]`, updated in place.
        update: Output of the sublayer, before its bias `[units, tokens]`.
        bias: `[units]`.
        seed: Seed of the dropout.
        threshold: Random bits below it drop a unit.
        scale: Factor of kept units.
    """
    tokens = features.shape[1]
    for unit in range(features.shape[0]):
        shift = bias[unit]
        for token in range(tokens):
            factor = kept_factor(unit * tokens + token, seed, threshold, scale)
            features[unit, token] += (update[unit, token] + shift) * factor


@compiled
def dropout_backward(
    gradients: Floats2,
    seed: np.uint32,
    threshold: np.uint32,
    scale: np.float32,
    update_gradients: Floats2,
    bias_gradient: Floats1,
) -> None:
    """Computes the gradients of `add_residual` with respect to update and bias.

    Args:
        gradients: Gradients with respect to the residual stream `[units, tokens]`.
        seed: Seed of the dropout.
        threshold: Random bits below it drop a unit.
        scale: Factor of kept units.
        update_gradients: Output: the gradients with respect to `update`
            `[units, tokens]`.
        bias_gradient: Output: the gradient with respect to the bias `[units]`.
    """
    tokens = gradients.shape[1]
    for unit in range(gradients.shape[0]):
        total = np.float32(0.0)
        for token in range(tokens):
            factor = kept_factor(unit * tokens + token, seed, threshold, scale)
            gradient = gradients[unit, token] * factor
            update_gradients[unit, token] = gradient
            total += gradient
        bias_gradient[unit] = total
