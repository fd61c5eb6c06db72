"""What the tests of several kernels share."""

import numpy as np
import pytest


@pytest.fixture
def normal():
    """Draws an array of a shape, another one in every call."""
    generator = np.random.default_rng(1)
    return lambda *shape: generator.normal(size=shape).astype(np.float32)


@pytest.fixture(params=[16, 48, 144])
def tokens(request):
    """Numbers of tokens: multiples of the vector length."""
    return request.param


@pytest.fixture(params=[1, 3, 7, 32])
def units(request):
    """Numbers of units, most of which fill no block of 4."""
    return request.param
