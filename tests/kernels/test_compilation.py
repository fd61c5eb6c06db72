from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from rasa_randconn import kernels
from rasa_randconn.kernels.array_types import Doubles1, Floats1
from rasa_randconn.kernels.compilation import compiled, float_from_bits, inlined, shared

# Prints the gradients of relative positions, which are sums over many tokens.
ATTENTION_GRADIENTS = """
import numpy as np
from rasa_randconn.kernels.attention import attention_backward
random = np.random.default_rng(1)
normal = lambda *shape: random.normal(size=shape).astype(np.float32)
starts = np.arange(0, 321, 5)
keys, values = np.zeros((2, 1, 6, 16), np.float32)
attention_backward(
    normal(32, 320), normal(96, 320), starts, 2, True, 5, normal(1, 6, 16),
    normal(1, 6, 16), np.full(64 * 2 * 25, 0.1, np.float32), normal(96, 320),
    keys, values,
)
print(keys.tobytes().hex(), values.tobytes().hex())
"""


def test_a_float_is_made_of_its_bits():
    @compiled
    def one(results: Floats1) -> None:
        results[0] = float_from_bits(np.int32(0x3F800000))

    results = np.zeros(1, np.float32)
    one(results)
    assert results[0] == 1.0


@pytest.mark.parametrize("decorator", [inlined, shared])
def test_a_function_can_be_compiled_into_a_kernel(decorator):
    @decorator
    def double(number):
        return 2 * number

    def doubled_twice(numbers: Doubles1, results: Doubles1) -> None:
        for i in range(len(numbers)):
            results[i] = double(double(numbers[i]))

    doubled_twice.__name__ += decorator.__name__
    results = np.zeros(3)
    compiled(doubled_twice)(np.arange(3.0), results)
    np.testing.assert_array_equal(results, [0, 4, 8])


def test_a_kernel_says_the_types_of_its_arguments():
    with pytest.raises(TypeError, match="types of its arguments"):

        @compiled
        def without_types(numbers):
            numbers[0] = 1.0


def parts_of_kernels():
    """Functions that are compiled into kernels, by module and name."""
    for found in pkgutil.iter_modules(kernels.__path__, f"{kernels.__name__}."):
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, Dispatcher):
                yield f"{found.name}.{name}", value


def test_no_part_of_a_kernel_keeps_machine_code_of_its_own():
    parts = dict(parts_of_kernels())
    assert len(parts) > 20
    for name, part in parts.items():
        assert part.stats.cache_path is None, name


def test_without_numbas_compiler_the_import_says_what_to_do():
    found = subprocess.run(
        [sys.executable, "-c", "import rasa_randconn.kernels.scatter"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert found.returncode == 1
    last = found.stderr.strip().splitlines()[-1]
    assert last.endswith("needs compiled kernels: unset NUMBA_DISABLE_JIT.")


@pytest.mark.slow
def test_a_process_that_compiles_rounds_like_one_that_loads(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    compiling, loading = (
        subprocess.run(
            [sys.executable, "-c", ATTENTION_GRADIENTS],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
        for _ in range(2)
    )
    assert compiling == loading
