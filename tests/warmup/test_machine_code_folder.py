from __future__ import annotations

from pathlib import Path

import pytest

import rasa_randconn.kernels
from rasa_randconn.kernels.machine_code import MachineCode
from rasa_randconn.warmup import code_folder, machine_code_folder, unused_folder

PACKAGE = Path(rasa_randconn.kernels.__file__).parent / "__pycache__"


@pytest.fixture
def kept_in(monkeypatch):
    def keep(*folders):
        code = [MachineCode("a.b", 1, 0, folder, False) for folder in folders]
        monkeypatch.setattr(machine_code_folder, "machine_code", lambda: code)

    return keep


@pytest.mark.parametrize(
    ("folder", "named", "origin", "unused"),
    [
        ("named/kernels_1", "named", "NUMBA_CACHE_DIR", None),
        ("home/.cache/numba/kernels_1", None, "the user's cache", None),
        ("home/.cache/numba/kernels_1", "named", "the user's cache", "named"),
        (PACKAGE, None, "the package's folder", None),
        (PACKAGE, "named", "the package's folder", "named"),
    ],
)
def test_the_folder_says_whose_it_is(
    folder, named, origin, unused, kept_in, tmp_path, monkeypatch
):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / named) if named else "")
    kept_in(tmp_path / folder, tmp_path / folder)
    assert code_folder() == (tmp_path / folder, origin)
    assert unused_folder() == (tmp_path / unused if unused else None)


def test_there_is_none_if_a_kernel_has_none(kept_in, tmp_path):
    kept_in(tmp_path, None)
    assert code_folder() is None
