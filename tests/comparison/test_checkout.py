from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rasa_randconn.comparison.checkout import commit


@pytest.fixture
def checkout(tmp_path):
    for arguments in (
        ["init", "--quiet"],
        ["add", "package/a.py"],
        ["commit", "--quiet", "--message", "first"],
    ):
        (tmp_path / "package").mkdir(exist_ok=True)
        (tmp_path / "package" / "a.py").write_text("1")
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.invalid"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)
    return tmp_path


def test_the_commit_is_that_of_the_checkout_and_says_if_files_have_changed(checkout):
    command = ["git", "rev-parse", "HEAD"]
    head = subprocess.check_output(command, cwd=checkout, text=True).strip()

    assert commit(checkout / "package") == head
    (checkout / "package" / "a.py").write_text("2")
    assert commit(checkout / "package") == f"{head}-dirty"


def test_an_environment_in_the_checkout_of_another_project_has_no_commit(checkout):
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "a.py").write_text("1")
    assert commit(checkout / ".venv") is None


def test_there_is_no_commit_without_git(checkout, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit(checkout / "package") is None


def test_a_hook_of_another_repository_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(Path(__file__).parents[2] / ".git"))
    assert commit(tmp_path) is None
