"""What the tests of several parts of networks share."""

import numpy as np
import pytest
import scipy.sparse

from rasa_randconn.autodiff import Parameters, RowParameter, Tape
from rasa_randconn.connections import LAYER_KINDS, ConnectionSettings
from rasa_randconn.nn.features import CSRMatrix
from rasa_randconn.nn.sparse_layer import SparseLayer

FEATURES, UNITS = 30, 9


@pytest.fixture
def normal():
    """Draws an array of a shape, another one in every call."""
    generator = np.random.default_rng(1)
    return lambda *shape: generator.normal(size=shape).astype(np.float32)


@pytest.fixture
def make_parameters():
    """Parameters without weights, of a density and a pattern."""

    def make(density=0.3, pattern="grouped"):
        densities = dict.fromkeys(LAYER_KINDS, density)
        return Parameters(ConnectionSettings(densities, pattern, seed=1))

    return make


@pytest.fixture
def make_sparse_rows():
    """Random sparse rows of 30 features."""

    def make(count, seed=1):
        random = np.random.RandomState(seed)
        rows = scipy.sparse.random(count, FEATURES, 0.1, "csr", np.float32, random)
        indptr = rows.indptr.astype(np.int64)
        return CSRMatrix(indptr, rows.indices, rows.data, FEATURES)

    return make


@pytest.fixture(params=["by rows", "as a whole"])
def make_sparse(make_parameters, normal, request, monkeypatch):
    """Layers for sparse rows with 9 units, of rates of dropout.

    Their kernels are updated by rows, or as a whole.
    """
    if request.param == "by rows":
        monkeypatch.setattr(f"{Parameters.__module__}._FEWEST_WEIGHTS_BY_ROWS", 0)

    def make(*rates, path="sparse"):
        layer = SparseLayer(
            FEATURES, UNITS, *(rates or (0.0, 0.0)), 0.01, make_parameters(), path
        )
        layer.bias.array[...] = normal(UNITS)
        return layer

    return make


@pytest.fixture
def multiplied():
    """What SciPy makes of sparse rows and a layer's weights."""

    def multiply(rows, layer):
        shape = len(rows.indptr) - 1, FEATURES
        matrix = scipy.sparse.csr_matrix((rows.data, rows.indices, rows.indptr), shape)
        return matrix @ layer.kernel.array + layer.bias.array

    return multiply


@pytest.fixture
def in_training():
    """Tapes of passes in training, all with the same random numbers."""
    return lambda **options: Tape(np.random.default_rng(1), True, **options)


def gradient_of(source):
    """The gradient as an array, also that of a kernel of which few rows have any."""
    if isinstance(source, RowParameter):
        return source.row_gradient.to_array(len(source.array))
    return source.gradient


@pytest.fixture
def assert_gradients_are_slopes(in_training, normal):
    """Compares gradients with finite differences, along random directions.

    Takes what computes a value with a tape, and the values and parameters that this
    depends on.
    """

    def check(compute, sources, step=1e-2):
        tape = in_training()
        result = compute(tape)
        weights = normal(*result.array.shape)
        result.add_gradient(weights)
        tape.backward()
        gradients = [gradient_of(source) for source in sources]

        def loss():
            array = compute(in_training()).array
            return np.sum(array.astype(np.float64) * weights)

        for source, gradient in zip(sources, gradients):
            assert gradient is not None and gradient.shape == source.array.shape
            direction = normal(*source.array.shape)
            direction /= np.sqrt(max(direction.size, 1))
            kept = source.array.copy()
            losses = []
            for sign in (1, -1):
                source.array[...] = kept + np.float32(sign * step) * direction
                losses.append(loss())
            source.array[...] = kept
            slope = (losses[0] - losses[1]) / (2 * step)
            found = np.sum(gradient.astype(np.float64) * direction)
            assert found == pytest.approx(slope, rel=0.01, abs=0.005)

    return check
