"""Products of activations with kernels `[groups, fan_in, units_per_group]`.

Every group reads inputs of its own. Tokens are taken in tiles: a group's inputs of one
tile are copied side by side, where they stay in the nearest cache until all units of
the group have used them. Four inputs meet four outputs at a time, so that a value that
was read or written is worth four multiplications.
"""

from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.compilation import compiled

_TILE = 128
_LANES = 16


@compiled
def multiply(
    kernel: np.ndarray, indices: np.ndarray, features: np.ndarray, outputs: np.ndarray
) -> None:
    """Computes the outputs of a layer.

    Args:
        kernel: `[groups, fan_in, units_per_group]`.
        indices: Inputs of every group `[groups, fan_in]`.
        features: Activations `[inputs, tokens]`.
        outputs: Gets the activations `[units, tokens]`.
    """
    groups, fan_in, units = kernel.shape
    tokens = features.shape[1]
    tile = np.zeros((fan_in + 3) * _TILE, np.float32)
    sums = np.empty(4 * _TILE, np.float32)
    for start in range(0, tokens, _TILE):
        width = min(_TILE, tokens - start)
        for group in range(groups):
            for i in range(fan_in):
                row = features[indices[group, i]]
                for token in range(width):
                    tile[i * _TILE + token] = row[start + token]
            for first in range(0, units, 4):
                _four_sums(kernel[group], tile, first, width, sums)
                for i in range(min(4, units - first)):
                    output = outputs[group * units + first + i]
                    for token in range(width):
                        output[start + token] = sums[i * _TILE + token]


@compiled
def multiply_backward(
    kernel: np.ndarray,
    indices: np.ndarray,
    gradients: np.ndarray,
    feature_gradients: np.ndarray,
) -> None:
    """Adds the gradients of the inputs of `multiply`.

    Args:
        kernel: `[groups, fan_in, units_per_group]`.
        indices: Inputs of every group `[groups, fan_in]`.
        gradients: Of the outputs `[units, tokens]`.
        feature_gradients: The gradients of the features `[inputs, tokens]` are added.
    """
    groups, fan_in, units = kernel.shape
    tokens = gradients.shape[1]
    tile = np.zeros((units + 3) * _TILE, np.float32)
    sums = np.empty(4 * _TILE, np.float32)
    for start in range(0, tokens, _TILE):
        width = min(_TILE, tokens - start)
        for group in range(groups):
            for i in range(units):
                row = gradients[group * units + i]
                for token in range(width):
                    tile[i * _TILE + token] = row[start + token]
            for first in range(0, fan_in, 4):
                _four_sums(kernel[group].T, tile, first, width, sums)
                for i in range(min(4, fan_in - first)):
                    gradient = feature_gradients[indices[group, first + i]]
                    for token in range(width):
                        gradient[start + token] += sums[i * _TILE + token]


@compiled
def kernel_gradient(
    features: np.ndarray,
    indices: np.ndarray,
    gradients: np.ndarray,
    result: np.ndarray,
) -> None:
    """Computes the gradient of the kernel of `multiply`.

    Args:
        features: Activations `[inputs, tokens]`.
        indices: Inputs of every group `[groups, fan_in]`.
        gradients: Of the outputs `[units, tokens]`.
        result: Gets the gradient `[groups, fan_in, units_per_group]`.
    """
    groups, fan_in, units = result.shape
    tokens = features.shape[1]
    zero = np.float32(0.0)
    for group in range(groups):
        kernel = result[group]
        for i in range(0, fan_in, 4):
            # beyond the last input, it is computed again
            i1, i2, i3 = _following(i, fan_in)
            x0 = features[indices[group, i]]
            x1 = features[indices[group, i1]]
            x2 = features[indices[group, i2]]
            x3 = features[indices[group, i3]]
            for j in range(0, units, 4):
                j1, j2, j3 = _following(j, units)
                y0 = gradients[group * units + j]
                y1 = gradients[group * units + j1]
                y2 = gradients[group * units + j2]
                y3 = gradients[group * units + j3]
                s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = zero
                s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = zero
                for t in range(tokens):
                    a, b, c, d = x0[t], x1[t], x2[t], x3[t]
                    e, f, g, h = y0[t], y1[t], y2[t], y3[t]
                    s00 += a * e
                    s01 += a * f
                    s02 += a * g
                    s03 += a * h
                    s10 += b * e
                    s11 += b * f
                    s12 += b * g
                    s13 += b * h
                    s20 += c * e
                    s21 += c * f
                    s22 += c * g
                    s23 += c * h
                    s30 += d * e
                    s31 += d * f
                    s32 += d * g
                    s33 += d * h
                kernel[i, j], kernel[i, j1] = s00, s01
                kernel[i, j2], kernel[i, j3] = s02, s03
                kernel[i1, j], kernel[i1, j1] = s10, s11
                kernel[i1, j2], kernel[i1, j3] = s12, s13
                kernel[i2, j], kernel[i2, j1] = s20, s21
                kernel[i2, j2], kernel[i2, j3] = s22, s23
                kernel[i3, j], kernel[i3, j1] = s30, s31
                kernel[i3, j2], kernel[i3, j3] = s32, s33


@compiled
def _following(first: int, size: int) -> tuple:
    """The three indices after the first, none beyond the last."""
    last = size - 1
    return min(first + 1, last), min(first + 2, last), min(first + 3, last)


@compiled
def _four_sums(
    kernel: np.ndarray, tile: np.ndarray, first: int, width: int, sums: np.ndarray
) -> None:
    """Sums up inputs for four outputs.

    Args:
        kernel: `[inputs, outputs]`.
        tile: Inputs side by side, each `_TILE` long, and three rows of zeros.
        first: The first of the outputs; those beyond the last are arbitrary.
        width: Number of tokens in the tile.
        sums: Gets the four outputs, each `_TILE` long.
    """
    inputs, outputs = kernel.shape
    j0 = first
    j1, j2, j3 = _following(first, outputs)
    lanes = min((width + _LANES - 1) // _LANES * _LANES, _TILE)
    for i in range(0, inputs, 4):
        # beyond the last input, the tile has zeros
        i1, i2, i3 = _following(i, inputs)
        k00, k01, k02, k03 = kernel[i, j0], kernel[i, j1], kernel[i, j2], kernel[i, j3]
        k10, k11 = kernel[i1, j0], kernel[i1, j1]
        k12, k13 = kernel[i1, j2], kernel[i1, j3]
        k20, k21 = kernel[i2, j0], kernel[i2, j1]
        k22, k23 = kernel[i2, j2], kernel[i2, j3]
        k30, k31 = kernel[i3, j0], kernel[i3, j1]
        k32, k33 = kernel[i3, j2], kernel[i3, j3]
        x = tile[i * _TILE : (i + 4) * _TILE]
        for t in range(lanes):
            a, b = x[t], x[t + _TILE]
            c, d = x[t + 2 * _TILE], x[t + 3 * _TILE]
            p = k00 * a + k10 * b + k20 * c + k30 * d
            q = k01 * a + k11 * b + k21 * c + k31 * d
            r = k02 * a + k12 * b + k22 * c + k32 * d
            s = k03 * a + k13 * b + k23 * c + k33 * d
            if i > 0:
                p += sums[t]
                q += sums[t + _TILE]
                r += sums[t + 2 * _TILE]
                s += sums[t + 3 * _TILE]
            sums[t], sums[t + _TILE] = p, q
            sums[t + 2 * _TILE], sums[t + 3 * _TILE] = r, s
