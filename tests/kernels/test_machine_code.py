from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rasa_randconn.kernels
from rasa_randconn.kernels import machine_code
from rasa_randconn.kernels.layout import clear
from rasa_randconn.kernels.machine_code import (
    folders,
    is_kept,
    version,
    writable_folder,
)

# Fills an array with zeros, and prints whether that had to be compiled.
CLEAR = """
import numpy as np
from rasa_randconn.kernels.layout import clear
numbers = np.ones(3, np.float32)
clear(numbers)
assert not numbers.any()
print(clear.was_compiled)
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder that the environment names; no other one has machine code."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    machine_code_folder = machine_code.writable_folder()
    monkeypatch.setattr(machine_code, "folders", lambda: [machine_code_folder])
    return machine_code_folder.path


def compile_or_load():
    """Compiles or loads a kernel as a new process does."""
    kernel = type(clear)(clear.function, clear._options)
    kernel.prepare()
    return kernel


def test_a_kernel_is_compiled_once_and_then_loaded(cache):
    assert not is_kept("layout.clear")
    assert compile_or_load().was_compiled
    assert is_kept("layout.clear")
    assert not compile_or_load().was_compiled


@pytest.mark.parametrize("damage", [b"", b"x", b"x" * 10_000])
def test_a_damaged_file_is_compiled_anew(cache, damage):
    compile_or_load()
    path = cache / "layout.clear.o"
    whole = path.read_bytes()
    path.write_bytes(damage or whole[:-1])
    assert compile_or_load().was_compiled
    assert path.read_bytes()[:32] != damage
    assert not compile_or_load().was_compiled


def test_nothing_but_the_code_is_left_in_the_folder(cache):
    compile_or_load()
    names = {path.name for path in cache.iterdir()}
    assert names - {"layout.clear.lock"} == {"layout.clear.o"}


def test_code_is_read_from_a_folder_that_cannot_be_written_to(cache, monkeypatch):
    compile_or_load()
    monkeypatch.setattr(machine_code, "writable_folder", lambda: None)
    assert not compile_or_load().was_compiled


def test_without_a_writable_folder_code_is_compiled_and_not_kept(cache, monkeypatch):
    monkeypatch.setattr(machine_code, "writable_folder", lambda: None)
    assert compile_or_load().was_compiled
    assert not is_kept("layout.clear")


def test_a_full_disk_is_told_only_where_code_must_be_kept(cache, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(machine_code, "_write", fail)
    assert compile_or_load().was_compiled
    kernel = type(clear)(clear.function, clear._options)
    with pytest.raises(OSError, match="No space left"):
        kernel.prepare(must_be_kept=True)


def test_the_named_folder_counts_else_the_packages_and_the_users(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    package = Path(rasa_randconn.kernels.__file__).parent / "__pycache__"
    name = f"kernels-{version()}"
    named = (tmp_path / "named" / name, "NUMBA_CACHE_DIR")
    assert folders() == [named]
    assert writable_folder() == named
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    usual = [
        (package / name, "the package's folder"),
        (tmp_path / "home" / "rasa_randconn" / name, "the user's cache"),
    ]
    assert folders() == usual
    monkeypatch.setenv("NUMBA_CACHE_DIR", os.devnull)
    assert folders() == [(Path(os.devnull) / name, "NUMBA_CACHE_DIR"), *usual]


def test_a_user_without_a_home_has_no_folder(monkeypatch):
    def fail():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", fail)
    assert [folder.origin for folder in folders()] == ["the package's folder"]


@pytest.mark.parametrize("named", [os.devnull, ""])
def test_a_folder_that_cannot_be_made_is_passed_over(named, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", named)
    assert writable_folder().origin == "the package's folder"


@pytest.mark.slow
def test_a_change_in_a_helper_of_kernels_compiles_them_anew(tmp_path):
    def run(package_folder):
        found = subprocess.run(
            [sys.executable, "-c", CLEAR],
            env={
                **os.environ,
                "PYTHONPATH": str(package_folder),
                "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
                "NUMBA_BOUNDSCHECK": "0",
            },
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        )
        return found.stdout.strip()

    copy = tmp_path / "copy"
    package = Path(rasa_randconn.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, copy / "rasa_randconn", ignore=ignored)
    assert run(copy) == "True"
    assert run(copy) == "False"
    helper = copy / "rasa_randconn" / "kernels" / "vectors.py"
    helper.write_text(helper.read_text() + "\n# changed\n")
    assert run(copy) == "True"
