from __future__ import annotations

import numpy as np
from numba.core import caching

from rasa_randconn.kernels.compilation import compiled, float_from_bits


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
