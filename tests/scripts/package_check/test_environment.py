"""The output of `pip freeze`, and commands of an environment."""

from __future__ import annotations

import sys

import pytest

from scripts.package_check.environment import (
    CommandError,
    Environment,
    JourneyError,
    find_uv,
    parse_freeze,
)


@pytest.fixture
def environment(tmp_path):
    """An environment whose Python is the one of the tests."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    made = Environment.__new__(Environment)
    made.folder = tmp_path
    return made


def test_freeze_names_versions_and_places():
    printed = "numpy==1.23.5\nrasa-randconn @ file:///dist/a.whl\n"
    assert parse_freeze(printed) == {
        "numpy": "1.23.5",
        "rasa-randconn": "file:///dist/a.whl",
    }


def test_a_command_does_not_find_the_checkout(environment, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/checkout")
    code = "import sys; print('/checkout' in sys.path)"
    printed = environment.run("python", "-c", code, folder=tmp_path)
    assert printed == "False\n"


def test_a_failed_command_says_the_end_of_what_it_printed(environment, tmp_path):
    code = "print('first\\n' * 100); import sys; sys.exit('the reason')"
    with pytest.raises(CommandError, match="the reason") as error:
        environment.run("python", "-c", code, folder=tmp_path)
    assert str(error.value).count("first") < 50


def test_output_that_is_shown_comes_from_the_same_environment(
    environment, tmp_path, monkeypatch, capfd
):
    monkeypatch.setenv("PYTHONPATH", "/checkout")
    code = "import sys; print('/checkout' in sys.path)"
    environment.show("python", "-c", code, folder=tmp_path)
    assert capfd.readouterr().out == "False\n"
    with pytest.raises(CommandError, match="this failed"):
        environment.show("python", "-c", "raise SystemExit(1)", folder=tmp_path)


def test_uv_is_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JourneyError, match="make setup"):
        find_uv(tmp_path)
