"""Every compiled kernel equals its plain NumPy counterpart in `tests/references`."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from rasa_randconn.kernels.all_kernels import all_kernels
from rasa_randconn.kernels.dropout import dropout_rate
from rasa_randconn.kernels.unstructured_products import blocked_indptr
from rasa_randconn.kernels.vectors import LANES

TOKENS, UNITS, ROWS, FEATURES, TAGS, STEP = 3 * LANES, 12, 6, 40, 16, 9
CONSTANTS = np.float32(0.9), np.float32(0.999), np.float32(1e-7)
RATES = np.linspace(0.001, 0.01, STEP + 1, dtype=np.float32)
ADAM = np.float32(0.1), np.float32(0.01), *CONSTANTS
STARTS = np.array([0, 5, 5, 6, 20])
# a group of the examples, longest first, with this many tokens
GROUP, GROUP_TOKENS = np.array([3, 0, 1]), 19

# Their counterpart takes an example at a time; test_attention.py compares them.
WITH_ANOTHER_SIGNATURE = {
    ("attention", "attention"),
    ("attention", "attention_backward"),
}


def compiled_kernels():
    """Module and name of all kernels, but the one that calls others."""
    names = {tuple(kernel.name.split(".")) for kernel in all_kernels()}
    return names - {("program", "run")}


def reference_of(module, name):
    return getattr(importlib.import_module(f"references.{module}"), name)


class Numbers:
    """Random arguments."""

    def __init__(self):
        self.random = np.random.default_rng(1)
        self.seed = np.uint32(7)
        self.dropout = (self.seed, *dropout_rate(0.3))

    def normal(self, *shape):
        return self.random.normal(size=shape).astype(np.float32)

    def positive(self, *shape):
        return self.normal(*shape) ** 2

    def indices(self, highest, *shape):
        return self.random.integers(highest, size=shape)

    def tokens(self):
        return self.normal(UNITS, TOKENS)

    def csr(self):
        indptr = np.concatenate([[0], np.cumsum(self.indices(7, ROWS))])
        columns = self.indices(FEATURES, indptr[-1]).astype(np.int32)
        return indptr, columns, self.normal(indptr[-1])

    def weights(self):
        return self.normal(ROWS, UNITS), *self.moments()

    def moments(self):
        return self.normal(ROWS, UNITS), self.positive(ROWS, UNITS)

    def embeddings(self):
        shapes = (ROWS, UNITS), (ROWS, UNITS), (3, UNITS)
        return [self.normal(*shape) for shape in shapes]

    def negatives(self):
        return [self.indices(highest, ROWS, 4) for highest in (3, ROWS)]

    def group_indices(self):
        rows = [self.random.permutation(FEATURES)[:9] for _ in range(3)]
        return np.array(rows)

    def by_input(self):
        """Random connections of FEATURES inputs with UNITS outputs."""
        inputs, units = np.nonzero(self.random.random((FEATURES, UNITS)) < 0.3)
        indptr = blocked_indptr(inputs, units, (FEATURES, UNITS))
        return indptr, units.astype(np.int32)

    def by_output(self):
        """The same, output by output, with positions in a kernel."""
        units, inputs = np.nonzero(self.random.random((UNITS, FEATURES)) < 0.3)
        indptr = blocked_indptr(units, inputs, (UNITS, FEATURES))
        positions = self.random.permutation(len(inputs))
        return indptr, inputs.astype(np.int32), positions.astype(np.int32)

    def crf(self):
        scores, transitions = self.normal(STARTS[-1], TAGS), self.normal(TAGS, TAGS)
        return (
            scores,
            transitions,
            transitions.max(),
            np.exp(transitions - transitions.max()),
            self.indices(TAGS, STARTS[-1]),
            STARTS,
            GROUP,
            nan(GROUP_TOKENS, TAGS),
            nan(GROUP_TOKENS, TAGS),
            nan(len(STARTS) - 1),
        )

    def after_forward_algorithm(self):
        arguments = self.crf()
        reference_of("crf", "forward_algorithm")(*arguments)
        _, _, _, exp_transitions, tags, starts, group, emissions, alpha, _ = arguments
        transposed = np.ascontiguousarray(exp_transitions.T)
        return exp_transitions, transposed, emissions, alpha, tags, starts, group


def nan(*shape):
    return np.full(shape, np.nan, np.float32)


ARGUMENTS = {
    ("activations", "gelu"): lambda n: (
        n.tokens(),
        n.normal(UNITS),
        *n.dropout,
        nan(UNITS, TOKENS),
        nan(UNITS, TOKENS),
    ),
    ("activations", "gelu_backward"): lambda n: (n.tokens(), n.tokens(), nan(UNITS)),
    ("adam", "update_all"): lambda n: (
        5,
        21,
        n.normal(30),
        n.normal(30),
        np.array([0, 12, 12, 30]),
        n.normal(30),
        n.positive(30),
        n.positive(3),
        RATES[3],
        np.array([1.0, 2.0, 3.0]),
        *CONSTANTS,
    ),
    ("adam", "catch_up"): lambda n: (
        np.array([0, 2, 3]),
        np.array([3, 1, 0, STEP, 2, 5]),
        STEP,
        *n.weights(),
        RATES,
        *CONSTANTS,
    ),
    ("adam", "update_rows"): lambda n: (
        np.array([1, 4]),
        np.array([0, 3, 4]),
        n.indices(7, 4).astype(np.int32),
        n.normal(4),
        n.normal(7, UNITS),
        np.array([3, 1, 0, STEP, 2, 5]),
        STEP,
        *n.weights(),
        *ADAM,
    ),
    ("candidates", "similarities"): lambda n: (
        n.normal(7, UNITS),
        n.normal(9, UNITS),
        n.indices(9, 7, 4),
        nan(7, 4),
    ),
    ("candidates", "similarities_backward"): lambda n: (
        n.normal(7, UNITS),
        n.normal(9, UNITS),
        n.indices(9, 7, 4),
        n.normal(7, 4),
        n.normal(7, UNITS),
        n.normal(9, UNITS),
    ),
    ("crf", "forward_algorithm"): lambda n: n.crf(),
    ("crf", "backward_algorithm"): lambda n: (
        *n.after_forward_algorithm(),
        n.normal(len(STARTS) - 1),
        nan(STARTS[-1], TAGS),
        nan(TAGS, TAGS),
        np.full(STARTS[-1], -1),
    ),
    ("crf", "decode"): lambda n: (
        n.normal(STARTS[-1], TAGS),
        n.normal(TAGS, TAGS),
        STARTS,
        np.full(STARTS[-1], -1, np.int32),
        nan(STARTS[-1]),
    ),
    ("csr", "take_rows"): lambda n: (
        np.array([0, 2, 2, 5, 6]),
        n.indices(FEATURES, 6).astype(np.int32),
        n.normal(6),
        np.array([2, 1, 0, 2]),
        np.array([0, 3, 3, 5, 8]),
        np.full(8, -1, np.int32),
        nan(8),
    ),
    ("dropout", "add_residual"): lambda n: (
        n.tokens(),
        n.tokens(),
        n.normal(UNITS),
        *n.dropout,
    ),
    ("dropout", "dropout_backward"): lambda n: (
        n.tokens(),
        *n.dropout,
        nan(UNITS, TOKENS),
        nan(UNITS),
    ),
    ("grouped_products", "multiply"): lambda n: (
        n.normal(3, 9, 4),
        n.group_indices(),
        n.normal(FEATURES, TOKENS),
        nan(12, TOKENS),
    ),
    ("grouped_products", "multiply_backward"): lambda n: (
        n.normal(3, 9, 4),
        n.group_indices(),
        n.tokens(),
        n.normal(FEATURES, TOKENS),
    ),
    ("grouped_products", "kernel_gradient"): lambda n: (
        n.normal(FEATURES, TOKENS),
        n.group_indices(),
        n.tokens(),
        nan(3, 9, 4),
    ),
    ("label_loss", "similarities"): lambda n: (
        *n.embeddings(),
        n.indices(3, ROWS),
        np.arange(3),
        *n.negatives(),
        nan(ROWS, 17),
    ),
    ("label_loss", "similarities_backward"): lambda n: (
        *n.embeddings(),
        *n.negatives(),
        n.normal(ROWS, 17),
        *n.embeddings(),
    ),
    ("label_loss", "cross_entropy"): lambda n: (
        n.normal(ROWS, 17),
        True,
        nan(ROWS),
        nan(ROWS, 17),
    ),
    ("layer_norm", "normalize"): lambda n: (
        n.tokens(),
        n.normal(UNITS),
        n.normal(UNITS),
        np.float32(1e-6),
        nan(UNITS, TOKENS),
        nan(TOKENS),
        nan(UNITS, TOKENS),
    ),
    ("layer_norm", "normalize_backward"): lambda n: (
        n.tokens(),
        n.normal(UNITS),
        n.tokens(),
        n.positive(TOKENS),
        n.tokens(),
        nan(UNITS),
        nan(UNITS),
    ),
    ("layout", "clear"): lambda n: (nan(7),),
    ("layout", "take_tokens"): lambda n: (
        n.normal(20, UNITS),
        nan(UNITS, 24),
    ),
    ("layout", "put_tokens"): lambda n: (
        n.normal(UNITS, 24),
        n.normal(20, UNITS),
    ),
    ("layout", "take_columns"): lambda n: (
        n.tokens(),
        np.array([3, 4, 9]),
        nan(UNITS, 8),
    ),
    ("layout", "put_columns"): lambda n: (
        n.normal(UNITS, 8),
        np.array([3, 4, 9]),
        nan(UNITS, TOKENS),
    ),
    ("positional_encoding", "add_positional_encoding"): lambda n: (
        n.tokens(),
        n.normal(UNITS),
        n.normal(UNITS, 9),
        np.arange(TOKENS) % 9,
        *n.dropout,
    ),
    ("positional_encoding", "add_positional_encoding_backward"): lambda n: (
        n.tokens(),
        *n.dropout,
        nan(UNITS),
    ),
    ("scatter", "scatter_add"): lambda n: (
        n.normal(TOKENS, UNITS),
        n.indices(5, TOKENS),
        n.normal(5, UNITS),
    ),
    ("sparse_products", "drop_features"): lambda n: (
        np.array([0, 2, 2, 5]),
        n.indices(FEATURES, 5).astype(np.int32),
        n.normal(5),
        n.seed,
        np.uint32(0),
        np.full(4, -1),
        np.full(5, -1, np.int32),
        nan(5),
    ),
    ("sparse_products", "group_by_column"): lambda n: (
        np.array([0, 2, 2, 5, 9]),
        np.array([3, 0, 1, 0, 4, 2, 3, 0, 1], np.int32),
        n.normal(9),
        5,
        np.zeros(1, np.int64),
        np.full(5, -1),
        np.full(6, -1),
        np.full(9, -1, np.int32),
        nan(9),
    ),
    ("sparse_products", "multiply"): lambda n: (
        *n.csr(),
        1,
        5,
        n.normal(FEATURES, UNITS),
        n.normal(UNITS),
        *n.dropout,
        n.normal(ROWS, UNITS),
    ),
    ("sparse_products", "multiply_backward"): lambda n: (
        n.normal(ROWS, UNITS),
        1,
        5,
        *n.dropout,
        n.normal(ROWS, UNITS),
        nan(UNITS),
    ),
    ("sparse_products", "kernel_gradient"): lambda n: (
        *n.csr(),
        n.normal(ROWS, UNITS),
        nan(FEATURES, UNITS),
    ),
    ("unstructured_products", "multiply"): lambda n: (
        *(connections := n.by_output()),
        n.normal(len(connections[1])),
        n.normal(FEATURES, TOKENS),
        nan(UNITS, TOKENS),
    ),
    ("unstructured_products", "multiply_backward"): lambda n: (
        *(connections := n.by_input()),
        n.normal(len(connections[1])),
        n.normal(UNITS, TOKENS),
        n.normal(FEATURES, TOKENS),
    ),
    ("unstructured_products", "kernel_gradient"): lambda n: (
        *(connections := n.by_input()),
        n.normal(FEATURES, TOKENS),
        n.normal(UNITS, TOKENS),
        nan(len(connections[1])),
    ),
}


def test_every_compiled_kernel_has_a_counterpart():
    found = compiled_kernels()
    assert found == {*ARGUMENTS, *WITH_ANOTHER_SIGNATURE}
    for kernel in found:
        assert reference_of(*kernel)


@pytest.mark.parametrize("kernel", ARGUMENTS, ids=".".join)
def test_a_kernel_equals_its_counterpart(kernel):
    module, name = kernel
    compiled = getattr(importlib.import_module(f"rasa_randconn.kernels.{module}"), name)
    found, expected = (list(ARGUMENTS[kernel](Numbers())) for _ in range(2))
    before = [np.copy(argument) for argument in found]
    compiled(*called_with(kernel, found))
    reference_of(*kernel)(*called_with(kernel, expected))
    for array, reference in zip(found, expected):
        np.testing.assert_allclose(array, reference, rtol=1e-4, atol=1e-5)
    changed = [not np.array_equal(array, old) for array, old in zip(found, before)]
    assert any(changed), "the kernel did nothing"


def called_with(kernel, arguments):
    """One kernel takes the addresses of several arrays and their gradients."""
    if kernel != ("adam", "update_all"):
        return arguments
    first, last, weights, gradients, starts, *others = arguments
    addresses = [array.ctypes.data + 4 * starts[:-1] for array in (weights, gradients)]
    return [first, last, *addresses, starts, *others]
