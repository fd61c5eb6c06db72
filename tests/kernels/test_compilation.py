from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
from numba.core import caching
from numba.core.dispatcher import Dispatcher

from rasa_randconn import kernels
from rasa_randconn.kernels.compilation import compiled, float_from_bits, inlined

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
    normal(1, 6, 16), np.full(64 * 2 * 25, 0.1, np.float32), normal(96, 320), keys,
    values,
)
print(keys.tobytes().hex(), values.tobytes().hex())
"""


def doubled(numbers, results):
    for i in range(len(numbers)):
        results[i] = 2 * numbers[i]


def assert_doubles(function):
    numbers, results = np.arange(3.0), np.zeros(3)
    function(numbers, results)
    np.testing.assert_array_equal(results, [0, 2, 4])


def test_machine_code_is_kept_on_disk():
    function = compiled(doubled)
    assert_doubles(function)
    assert function.stats.cache_path is not None


def test_it_works_where_nothing_can_be_written(monkeypatch):
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    function = compiled(doubled)
    assert_doubles(function)
    assert function.stats.cache_path is None


def test_a_float_is_made_of_its_bits():
    @compiled
    def one(results):
        results[0] = float_from_bits(np.int32(0x3F800000))

    results = np.zeros(1, np.float32)
    one(results)
    assert results[0] == 1.0


def kernels_of(module):
    found = vars(module).values()
    return {k for k in found if isinstance(k, Dispatcher)}


def called_kernels():
    """Kernels that others call, each with the name of one that does."""
    for found in pkgutil.iter_modules(kernels.__path__, f"{kernels.__name__}."):
        module = importlib.import_module(found.name)
        by_name = {k.__name__: k for k in kernels_of(module)}
        for kernel in by_name.values():
            if kernel.py_func.__module__ == module.__name__:
                names = kernel.py_func.__code__.co_names
                yield from ((by_name[n], kernel) for n in names if n in by_name)


def test_kernels_are_compiled_into_those_that_call_them():
    pairs = list(called_kernels())
    assert len(pairs) > 20
    for called, caller in pairs:
        assert called.targetoptions["forceinline"], (called, caller)


def test_a_function_can_be_compiled_into_another():
    @inlined
    def double(number):
        return 2 * number

    @compiled
    def doubled_twice(numbers, results):
        for i in range(len(numbers)):
            results[i] = double(double(numbers[i]))

    results = np.zeros(3)
    doubled_twice(np.arange(3.0), results)
    np.testing.assert_array_equal(results, [0, 4, 8])


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
