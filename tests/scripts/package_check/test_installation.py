"""Installing the package may add packages, and change none."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.package_check import installation
from scripts.package_check.environment import JourneyError
from scripts.package_check.installation import changed_versions, install_beside_rasa

ARCHIVE = Path("/dist/a.whl")
BEFORE = {"rasa": "3.6.21", "numpy": "1.23.5"}


class FakeEnvironment:
    """An environment in which an installation has a given result."""

    def __init__(self, before, after, said="rasa_randconn 1.0.0"):
        self.folder = Path("/environment")
        self._states = [before, after]
        self._said = said

    def versions(self):
        return self._states.pop(0)

    def install(self, *requirements):
        self.installed = requirements

    def run(self, command, *arguments, folder):
        return "1.0.0\n" if command == "python" else self._said


def test_additions_are_no_changes():
    assert changed_versions(BEFORE, {**BEFORE, "numba": "0.58.1"}) == []


def test_another_version_and_a_package_that_is_gone_are_changes():
    assert changed_versions(BEFORE, {"rasa": "3.6.20"}) == [
        "numpy 1.23.5 -> removed",
        "rasa 3.6.21 -> 3.6.20",
    ]


def test_what_was_added_is_told(capsys):
    install_beside_rasa(FakeEnvironment(BEFORE, {**BEFORE, "numba": "0.58.1"}), ARCHIVE)
    printed = capsys.readouterr().out
    assert "2 packages kept, 1 added" in printed
    assert "+ numba 0.58.1" in printed


@pytest.mark.parametrize(
    ("extra", "requirement"),
    [
        ("", "rasa-randconn @ file:///dist/a.whl"),
        ("sweep", "rasa-randconn[sweep] @ file:///dist/a.whl"),
    ],
)
def test_the_archive_itself_is_installed(extra, requirement):
    environment = FakeEnvironment(BEFORE, BEFORE)
    install_beside_rasa(environment, ARCHIVE, extra)
    assert environment.installed == (requirement,)


def test_an_installation_that_moves_a_pin_fails():
    environment = FakeEnvironment(BEFORE, {**BEFORE, "numpy": "2.0.0"})
    with pytest.raises(JourneyError, match=r"numpy 1\.23\.5 -> 2\.0\.0"):
        install_beside_rasa(environment, ARCHIVE)


def test_an_environment_without_rasa_proves_nothing():
    with pytest.raises(JourneyError, match="is not installed"):
        install_beside_rasa(FakeEnvironment({}, {}), ARCHIVE)


def test_the_command_line_must_say_the_version_of_the_package():
    environment = FakeEnvironment(BEFORE, BEFORE, said="rasa_randconn 0.9.0")
    with pytest.raises(JourneyError, match=r"not 1\.0\.0"):
        installation.check_version(environment)
