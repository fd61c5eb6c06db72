from __future__ import annotations

import shlex

import pytest

from rasa_randconn import cli

COMMANDS = ((), ("compare",), ("inspect",), ("swap",), ("sweep",), ("warmup",))

every_command = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


def help_of(command, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main([*command, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


@every_command
@pytest.mark.parametrize("columns", ["80", "200"])
def test_help_fits_eighty_columns(command, columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert max(map(len, help_of(command, capsys).splitlines())) <= 80


@every_command
def test_examples_are_commands_that_can_be_given(command, capsys):
    text = help_of(command, capsys).replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    examples = [
        line.partition("|")[0]
        for line in lines[lines.index("examples:") :]
        if line.startswith("rasa-randconn ")
    ]
    assert examples
    for example in examples:
        _, *arguments = shlex.split(example)
        options = cli.make_parser().parse_args(arguments)
        assert command in ((), (options.command,))


def test_every_command_has_a_line_that_says_what_it_is_for(capsys):
    lines = [line.split(maxsplit=1) for line in help_of((), capsys).splitlines()]
    purposes = {line[0]: line[1] for line in lines if len(line) == 2}
    for command in ("compare", "inspect", "swap", "sweep", "warmup"):
        assert len(purposes[command]) > 20
