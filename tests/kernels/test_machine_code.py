from __future__ import annotations

import numpy as np

from rasa_randconn.kernels.machine_code import machine_code
from rasa_randconn.kernels.scatter import scatter_add


def code_of(name):
    (found,) = [code for code in machine_code() if code.kernel == name]
    return found


def test_a_kernel_that_was_used_is_compiled_or_loaded():
    rows = np.ones((1, 2), np.float32)
    scatter_add(rows, np.zeros(1, np.int64), rows.copy())
    code = code_of("scatter.scatter_add")
    assert code.compiled + code.loaded > 0
    assert code.folder is not None
    assert not code.is_inlined


def test_parts_of_other_kernels_are_told_apart():
    assert code_of("activations.exp_of_negative").is_inlined
