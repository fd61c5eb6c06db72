"""The set-up finds what it needs, also where there is little."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from scripts import setup_environment


def _executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """The folder of an environment that is not there yet."""
    folder = tmp_path / "project" / ".venv"
    monkeypatch.setattr(setup_environment, "VENV", str(folder))
    return folder


def test_uv_that_was_just_installed_is_found(tmp_path, monkeypatch):
    uv = tmp_path / "bootstrap" / "bin" / "uv"
    monkeypatch.setattr(setup_environment, "BOOTSTRAP", str(tmp_path / "bootstrap"))
    monkeypatch.setattr(setup_environment.shutil, "which", lambda name: None)
    install = staticmethod(lambda python: _executable(uv, "#!/bin/sh\necho uv 1.0\n"))
    monkeypatch.setattr(setup_environment.Uv, "_bootstrap", install)

    assert setup_environment.Uv(allowed=True).get() == [str(uv)]
    assert setup_environment.Uv(allowed=False).get() is None


def test_the_python_of_the_environment_is_no_candidate_for_it(
    environment, tmp_path, monkeypatch
):
    own = _executable(environment / "bin" / "python3.10", "")
    other = _executable(tmp_path / "other" / "python3.10", "")
    path = os.pathsep.join(str(python.parent) for python in (own, other))
    monkeypatch.setenv("PATH", path)

    found = list(setup_environment.local_pythons(None))

    assert str(other) in found
    assert str(own) not in found


def test_uv_is_asked_for_a_named_version_that_is_missing(tmp_path, monkeypatch):
    asked, uv = tmp_path / "asked", tmp_path / "uv"
    _executable(uv, f'#!/bin/sh\necho "$@" >> {asked}\necho {tmp_path}/pythons\n')
    for version in ("3.8", "3.10"):
        folder = tmp_path / "pythons" / f"cpython-{version}.1-linux" / "bin"
        _executable(folder / f"python{version}", "")
    monkeypatch.setattr(setup_environment.shutil, "which", lambda name: str(uv))
    monkeypatch.setattr(setup_environment, "local_pythons", lambda uv: [])
    monkeypatch.setattr(
        setup_environment,
        "probe",
        lambda path: {
            "version": (3, int(path.rpartition(".")[2])),
            "implementation": "CPython",
            "bits": 64,
        },
    )
    monkeypatch.setenv("PYTHON", "3.8")

    facts = setup_environment.find_python(setup_environment.Uv(allowed=True))

    assert "python install 3.8" in asked.read_text()
    assert facts["version"] == (3, 8)


def test_an_environment_that_was_moved_is_told_apart(environment):
    activate = environment / "bin" / "activate"
    assert not setup_environment.was_made_here()
    _executable(activate, f"VIRTUAL_ENV='{environment}'\n")
    assert setup_environment.was_made_here()
    activate.write_text("VIRTUAL_ENV='/another/project/.venv'\n")
    assert not setup_environment.was_made_here()


def test_the_environment_of_these_tests_was_made_where_it_is(monkeypatch):
    if not (Path(sys.prefix) / "pyvenv.cfg").exists():
        pytest.skip("the tests do not run in a virtual environment")
    monkeypatch.setattr(setup_environment, "VENV", sys.prefix)
    assert setup_environment.was_made_here()
