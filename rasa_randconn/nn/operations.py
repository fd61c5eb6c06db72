"""Differentiable operations on rows of activations `[rows, units]`."""

from __future__ import annotations

from typing import Optional, Sequence

import numpy as np

from rasa_randconn.autodiff import Parameter, Tape, Value
from rasa_randconn.kernels import activations, dropout
from rasa_randconn.kernels.scatter import scatter_add


def linear(
    tape: Tape, rows: Value, kernel: Parameter, bias: Optional[Parameter] = None
) -> Value:
    """Multiplies rows with a dense kernel `[inputs, units]` and adds a bias."""
    outputs = rows.array @ kernel.array
    if bias is not None:
        outputs += bias.array

    def backward(gradient: np.ndarray) -> None:
        kernel.add_gradient(rows.array.T @ gradient)
        if bias is not None:
            bias.add_gradient(gradient.sum(axis=0))
        rows.add_gradient(gradient @ kernel.array.T)

    return tape.record(Value(outputs), backward)


def gelu(tape: Tape, rows: Value) -> Value:
    """Applies GELU."""
    flat = np.ascontiguousarray(rows.array).reshape(1, -1)
    outputs, derivatives = np.empty_like(flat), np.empty_like(flat)
    nothing_dropped = (np.uint32(0), *dropout.dropout_rate(0.0))
    no_bias = np.zeros(1, np.float32)
    activations.gelu(flat, no_bias, *nothing_dropped, outputs, derivatives)
    shape = rows.array.shape

    def backward(gradient: np.ndarray) -> None:
        rows.add_gradient(gradient * derivatives.reshape(shape))

    return tape.record(Value(outputs.reshape(shape)), backward)


def gather(tape: Tape, rows: Value, indices: np.ndarray) -> Value:
    """Takes some rows, any of them as often as asked for."""

    def backward(gradient: np.ndarray) -> None:
        spread = np.zeros_like(rows.array)
        scatter_add(np.ascontiguousarray(gradient), indices, spread)
        rows.add_gradient(spread)

    return tape.record(Value(rows.array.take(indices, axis=0)), backward)


def embedding(
    tape: Tape, kernel: Parameter, bias: Parameter, rows: np.ndarray
) -> Value:
    """What a dense layer makes of one-hot vectors."""

    def backward(gradient: np.ndarray) -> None:
        spread = np.zeros_like(kernel.array)
        scatter_add(gradient, rows, spread)
        kernel.add_gradient(spread)
        bias.add_gradient(gradient.sum(axis=0))

    return tape.record(Value(kernel.array[rows] + bias.array), backward)


def scatter(
    tape: Tape, parts: Sequence[Value], places: Sequence[np.ndarray], count: int
) -> Value:
    """Puts the rows of several parts into one array; rows at one place are added.

    Args:
        tape: The current pass.
        parts: Rows `[rows of the part, units]`.
        places: Where the rows of every part go.
        count: Number of rows of the array; those without a part are zero.

    Raises:
        ValueError: If a part has not one row of the same units for each of its places,
            or a place is not in the array.
    """
    units = parts[0].array.shape[1]
    outputs = np.zeros((count, units), np.float32)
    for part, own in zip(parts, places):
        if part.array.shape != (len(own), units):
            raise ValueError(
                f"{len(own)} rows of {units} units are needed, but there are "
                f"{' x '.join(map(str, part.array.shape))}."
            )
        if len(own) and not 0 <= own.min() <= own.max() < count:
            raise ValueError(f"There are places for {count} rows only.")
        scatter_add(np.ascontiguousarray(part.array), own, outputs)

    def backward(gradient: np.ndarray) -> None:
        for part, own in zip(parts, places):
            part.add_gradient(gradient.take(own, axis=0))

    return tape.record(Value(outputs), backward)


def concatenate(tape: Tape, parts: Sequence[Value]) -> Value:
    """Puts the units of several parts next to each other."""
    if len(parts) == 1:
        return parts[0]
    borders = np.cumsum([part.array.shape[1] for part in parts])[:-1]

    def backward(gradient: np.ndarray) -> None:
        for part, own in zip(parts, np.split(gradient, borders, axis=1)):
            part.add_gradient(np.ascontiguousarray(own))

    joined = np.concatenate([part.array for part in parts], axis=1)
    return tape.record(Value(joined), backward)


def segment_sum(tape: Tape, rows: Value, lengths: np.ndarray) -> Value:
    """Sums up the rows of every example `[examples, units]`."""
    owners = np.repeat(np.arange(len(lengths)), lengths)
    if len(rows.array) == len(lengths) and (lengths == 1).all():
        return rows
    outputs = np.zeros((len(lengths), rows.array.shape[1]), np.float32)
    scatter_add(rows.array, owners, outputs)

    def backward(gradient: np.ndarray) -> None:
        rows.add_gradient(gradient[owners])

    return tape.record(Value(outputs), backward)
