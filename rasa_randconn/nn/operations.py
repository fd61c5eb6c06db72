"""Differentiable operations on rows of activations `[rows, units]`."""

from __future__ import annotations

from typing import Optional, Sequence

import numpy as np

from rasa_randconn.autodiff import Parameter, Tape, Value
from rasa_randconn.kernels import activations, dropout
from rasa_randconn.kernels import scatter as scatter_kernels


def linear(
    tape: Tape, rows: Value, kernel: Parameter, bias: Optional[Parameter] = None
) -> Value:
    """Multiplies rows with a dense kernel `[inputs, units]`, and adds a bias."""
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
    """Selects rows by index; an index may occur several times."""

    def backward(gradient: np.ndarray) -> None:
        _scatter_add(gradient, indices, rows.gradient_to_add_to())

    return tape.record(Value(rows.array.take(indices, axis=0)), backward)


def embedding(
    tape: Tape, kernel: Parameter, bias: Parameter, indices: np.ndarray
) -> Value:
    """Embeds indices `[rows]`: equals a dense layer applied to one-hot vectors."""

    def backward(gradient: np.ndarray) -> None:
        kernel_gradient = np.zeros_like(kernel.array)
        _scatter_add(gradient, indices, kernel_gradient)
        kernel.add_gradient(kernel_gradient)
        bias.add_gradient(gradient.sum(axis=0))

    return tape.record(Value(kernel.array[indices] + bias.array), backward)


def scatter(
    tape: Tape, parts: Sequence[Value], indices: Sequence[np.ndarray], count: int
) -> Value:
    """Scatters the rows of several parts into one array; rows that meet are added.

    Args:
        tape: The current pass.
        parts: Rows `[rows of the part, units]`.
        indices: For every part, where its rows go.
        count: Number of rows of the array; rows that no part goes to are zero.

    Raises:
        ValueError: If the shapes of parts and indices do not match, or an index is
            outside the array.
    """
    units = parts[0].array.shape[1]
    outputs = np.zeros((count, units), np.float32)
    for part, rows in zip(parts, indices):
        if part.array.shape != (len(rows), units):
            raise ValueError(
                f"{len(rows)} rows of {units} units are needed, but there are "
                f"{' x '.join(map(str, part.array.shape))}."
            )
        if len(rows) and not 0 <= rows.min() <= rows.max() < count:
            raise ValueError(f"An index lies outside the {count} rows.")
        _scatter_add(part.array, rows, outputs)

    def backward(gradient: np.ndarray) -> None:
        for part, rows in zip(parts, indices):
            part.add_gradient(gradient.take(rows, axis=0))

    return tape.record(Value(outputs), backward)


def concatenate(tape: Tape, parts: Sequence[Value]) -> Value:
    """Concatenates parts `[rows, units of the part]` along their units."""
    if len(parts) == 1:
        return parts[0]

    def backward(gradient: np.ndarray) -> None:
        start = 0
        for part in parts:
            end = start + part.array.shape[1]
            part.add_gradient(np.ascontiguousarray(gradient[:, start:end]))
            start = end

    joined = np.concatenate([part.array for part in parts], axis=1)
    return tape.record(Value(joined), backward)


def segment_sum(tape: Tape, rows: Value, lengths: np.ndarray) -> Value:
    """Adds up the rows of every example, to `[examples, units]`."""
    examples = np.repeat(np.arange(len(lengths)), lengths)
    if len(rows.array) == len(lengths) and (lengths == 1).all():
        return rows
    outputs = np.zeros((len(lengths), rows.array.shape[1]), np.float32)
    _scatter_add(rows.array, examples, outputs)

    def backward(gradient: np.ndarray) -> None:
        rows.add_gradient(gradient[examples])

    return tape.record(Value(outputs), backward)


def _scatter_add(rows: np.ndarray, indices: np.ndarray, outputs: np.ndarray) -> None:
    """Adds each row to the output row at its index."""
    scatter_kernels.scatter_add(
        np.ascontiguousarray(rows), np.ascontiguousarray(indices, np.int64), outputs
    )
