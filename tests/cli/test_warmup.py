from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rasa_randconn
import rasa_randconn.warmup
from rasa_randconn import cli
from rasa_randconn.kernels import machine_code
from rasa_randconn.kernels.machine_code import CodeFolder, writable_folder


def test_it_says_what_it_did_how_long_it_took_and_where_the_code_is(capsys):
    assert cli.main(["warmup"]) == 0

    output = capsys.readouterr().out
    assert "kernels are ready" in output
    assert "seconds" in output
    assert f"{writable_folder().path} (NUMBA_CACHE_DIR)" in output


def test_it_fails_at_once_if_no_folder_is_writable(tmp_path):
    package = tmp_path / "rasa_randconn"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(rasa_randconn.__file__).parent, package, ignore=ignored)
    # in the way of the folder, which even root cannot make then
    (package / "kernels" / "__pycache__").write_text("")
    nowhere = os.devnull
    environment = {**os.environ, "HOME": nowhere, "XDG_CACHE_HOME": nowhere}
    for variables, advice in (
        ({}, "Set NUMBA_CACHE_DIR"),
        ({"NUMBA_CACHE_DIR": nowhere}, f"NUMBA_CACHE_DIR names {nowhere}"),
    ):
        environment.pop("NUMBA_CACHE_DIR", None)
        found = subprocess.run(
            [sys.executable, "-m", "rasa_randconn.cli", "warmup"],
            cwd=tmp_path,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert found.returncode == 1
        assert found.stdout == ""
        assert len(found.stderr.splitlines()) == 1
        assert advice in found.stderr
        assert "compile anew" in found.stderr


def test_another_folder_than_the_one_that_was_named_is_told(capsys, monkeypatch):
    module = rasa_randconn.warmup
    folder = CodeFolder(Path("/package/__pycache__"), "the package's folder")
    monkeypatch.setattr(machine_code, "writable_folder", lambda: folder)
    monkeypatch.setattr(machine_code, "named_folder", lambda: Path("/read-only"))
    monkeypatch.setattr(module, "warm_up", lambda track: module.WarmUp(3, 1, 2.0))

    assert cli.main(["warmup"]) == 0

    output = capsys.readouterr()
    assert "/read-only, which is not writable; the package's folder" in output.err
    assert "3 kernels are ready: 1 compiled, 2 kept from before" in output.out


@pytest.mark.parametrize("error", [OSError(28, "No space left on device")])
def test_a_full_disk_is_told_in_one_line(error, capsys, monkeypatch):
    def fail(track):
        raise error

    monkeypatch.setattr(rasa_randconn.warmup, "warm_up", fail)

    assert cli.main(["warmup"]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert "No space left on device" in line
    assert str(writable_folder().path) in line
