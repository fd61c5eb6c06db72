from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
from rich.console import Console

from rasa_randconn import cli

STOCK = "pipeline:\r\n- name: DIETClassifier # ü\r\npolicies: []"
OURS = STOCK.replace("DIET", "rasa_randconn.RandConnDIET")


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "config.yml"
    file.write_bytes(STOCK.encode())
    return file


def test_a_diff_is_shown_and_nothing_written(config, capfdbinary):
    assert cli.main(["swap", "config.yml"]) == 0

    out, err = capfdbinary.readouterr()
    assert out.decode() == (
        "--- config.yml\n+++ config.yml\n@@ -1,3 +1,3 @@\n pipeline:\r\n"
        "-- name: DIETClassifier # ü\r\n"
        "+- name: rasa_randconn.RandConnDIETClassifier # ü\r\n"
        " policies: []\n\\ No newline at end of file\n"
    )
    assert b"Train the bot again" in err
    assert b"Nothing is written yet" in err
    assert config.read_bytes() == STOCK.encode()
    assert os.listdir(config.parent) == ["config.yml"]


def test_write_shows_the_same_and_writes(config, capfdbinary):
    cli.main(["swap", "config.yml"])
    shown = capfdbinary.readouterr().out

    assert cli.main(["swap", "config.yml", "--write"]) == 0

    out, err = capfdbinary.readouterr()
    assert out == shown
    assert b"config.yml is written" in err
    assert config.read_bytes() == OURS.encode()
    assert os.listdir(config.parent) == ["config.yml"]


def test_to_stock_leads_back(config):
    cli.main(["swap", "config.yml", "--write", "--to", "randconn"])
    assert cli.main(["swap", "config.yml", "--write", "--to", "stock"]) == 0
    assert config.read_bytes() == STOCK.encode()


@pytest.mark.parametrize("target", ["randconn", "stock"])
def test_a_second_time_there_is_nothing_to_do(config, target, capsys):
    cli.main(["swap", "config.yml", "--write", "--to", target])
    before = config.stat()
    capsys.readouterr()

    assert cli.main(["swap", "config.yml", "--write", "--to", target]) == 0

    assert config.stat() == before
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Nothing to do" in captured.err


def test_writing_keeps_mode_and_symbolic_link(config, tmp_path):
    config.chmod(0o640)
    link = tmp_path / "folder" / "link.yml"
    link.parent.mkdir()
    link.symlink_to(os.path.join("..", "config.yml"))

    assert cli.main(["swap", str(link), "--write"]) == 0

    assert link.is_symlink()
    assert config.read_bytes() == OURS.encode()
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert os.listdir(link.parent) == ["link.yml"]


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="needs root's rights"
)
def test_writing_keeps_the_owner(config):
    os.chown(config, 1234, 1235)
    assert cli.main(["swap", "config.yml", "--write"]) == 0
    assert (config.stat().st_uid, config.stat().st_gid) == (1234, 1235)


def test_a_failed_write_loses_nothing(config, monkeypatch, capsys):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)

    assert cli.main(["swap", "config.yml", "--write"]) == 1

    assert "it is as it was: No space left on device" in capsys.readouterr().err
    assert config.read_bytes() == STOCK.encode()
    assert os.listdir(config.parent) == ["config.yml"]


def test_a_file_that_is_read_only_is_not_replaced(config, monkeypatch, capsys):
    # Root may write every file.
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert cli.main(["swap", "config.yml", "--write"]) == 1
    assert "it is read-only" in capsys.readouterr().err
    assert config.read_bytes() == STOCK.encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"pipeline: [\n", "config.yml:2: this is not valid YAML: expected"),
        (b"a: 1\nb: \xff\n", "config.yml:2: the file is not in UTF-8"),
        (b"recipe: graph.v1\n", "config.yml: the recipe is 'graph.v1'"),
        (b"intents: []\n", "config.yml: this is not a configuration of Rasa"),
    ],
)
def test_other_files_are_refused_with_one_line(config, content, message, capsys):
    config.write_bytes(content)

    assert cli.main(["swap", "config.yml", "--write"]) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"rasa-randconn swap: {message}")
    assert captured.err.count("\n") == 1
    assert config.read_bytes() == content


@pytest.mark.parametrize("name", ["none.yml", "."])
def test_what_is_no_file_is_refused(config, name, capsys):
    assert cli.main(["swap", name]) == 2
    assert f"{name}: the file cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--to", "dense"]])
def test_incomplete_command_lines_are_refused(arguments):
    with pytest.raises(SystemExit) as error:
        cli.main(["swap", *arguments])
    assert error.value.code == 2


def test_help_documents_the_exit_codes(capsys):
    with pytest.raises(SystemExit):
        cli.main(["swap", "--help"])
    assert "exit codes:\n  0 " in capsys.readouterr().out


def test_on_a_terminal_the_diff_is_coloured(config, monkeypatch, capsys):
    monkeypatch.setattr(Console, "is_terminal", True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)

    assert cli.main(["swap", "config.yml"]) == 0

    out = capsys.readouterr().out
    assert "\x1b[31m-- name: DIETClassifier # ü\x1b[0m\n" in out
    assert "\x1b[32m+- name: rasa_randconn.RandConnDIETClassifier # ü\x1b[0m\n" in out


def test_it_runs_as_a_module_without_rasa_and_tensorflow(config):
    code = (
        "import runpy, sys; sys.argv = ['rasa-randconn', 'swap', 'config.yml']\n"
        "try: runpy.run_module('rasa_randconn.cli', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert not {'rasa', 'tensorflow', 'numba'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
