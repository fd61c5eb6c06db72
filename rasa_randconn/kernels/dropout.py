"""Dropout that decides by hashing seed and index, so that no mask is stored."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from rasa_randconn.kernels.array_types import Floats1, Floats2
from rasa_randconn.kernels.compilation import compiled

_BITS = 32

_WORD = ir.IntType(_BITS)


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


def _hash_reaches(builder: Any, index: Any, seed: Any, threshold: Any) -> Any:
    """Emits the hash of index and seed, and its comparison with the threshold.

    Numba itself would multiply 32-bit integers as 64-bit ones, which takes processors
    three times as long.

    Source: the finaliser of MurmurHash3 (Appleby), applied to index and seed.
    """

    def number(value: int) -> Any:
        return ir.Constant(_WORD, value)

    bits = builder.mul(builder.trunc(index, _WORD), number(0x9E3779B1))
    bits = builder.xor(bits, seed)
    bits = builder.xor(bits, builder.lshr(bits, number(16)))
    bits = builder.mul(bits, number(0x85EBCA6B))
    bits = builder.xor(bits, builder.lshr(bits, number(13)))
    bits = builder.mul(bits, number(0xC2B2AE35))
    bits = builder.xor(bits, builder.lshr(bits, number(16)))
    return builder.icmp_unsigned(">=", bits, threshold)


def _is_kept(typing_context: Any, index: Any, seed: Any, threshold: Any) -> Any:
    """Typing and code generation of `is_kept`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _hash_reaches(builder, *arguments)

    return types.boolean(types.int64, types.uint32, types.uint32), generate


#: Whether dropout keeps the unit at an index, given the seed and the threshold (to be
#: called in compiled code).
is_kept: Any = intrinsic(_is_kept)


def _kept_factor(
    typing_context: Any, index: Any, seed: Any, threshold: Any, scale: Any
) -> Any:
    """Typing and code generation of `kept_factor`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *hashed, scale = arguments
        zero = ir.Constant(scale.type, 0.0)
        return builder.select(_hash_reaches(builder, *hashed), scale, zero)

    numbers = types.int64, types.uint32, types.uint32, types.float32
    return types.float32(*numbers), generate


#: The factor of the unit at an index, `scale` or 0, given the seed, the threshold and
#: the scale (to be called in compiled code).
kept_factor: Any = intrinsic(_kept_factor)


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
