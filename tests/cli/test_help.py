"""The help of every command that trains has examples that fit a terminal."""

from __future__ import annotations

import shlex

import pytest

from rasa_randconn import cli


@pytest.fixture
def help_of(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    def show(command):
        with pytest.raises(SystemExit) as error:
            cli.main([command, "--help"])
        assert error.value.code == 0
        return capsys.readouterr().out

    return show


@pytest.mark.parametrize("command", ["compare", "sweep"])
def test_the_help_fits_80_columns_and_its_examples_can_be_parsed(command, help_of):
    text = help_of(command)
    assert max(map(len, text.splitlines())) <= 80

    examples = text.partition("\nexamples:\n")[2].replace("\\\n", " ").splitlines()
    commands = [line for line in examples if line.strip().startswith("rasa-randconn ")]
    assert len(commands) == 3
    for line in commands:
        options = cli._parser().parse_args(shlex.split(line)[1:])
        assert options.command == command
