from __future__ import annotations

import json
import os
import subprocess
import sys

from model_archives import archive, model

from rasa_randconn import cli


def test_a_pipe_gets_eighty_columns(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    command = [sys.executable, "-m", "rasa_randconn.cli", "inspect"]
    output = subprocess.run(
        [*command, str(model(tmp_path))],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ).stdout

    assert max(map(len, output.splitlines())) <= 80
    assert "256 x 1024" in output
    assert "65,485" in output


def test_json_goes_to_the_standard_output(tmp_path, capsys):
    assert cli.main(["inspect", str(model(tmp_path)), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["all"]["connections"] == 65_520
    assert found["randomly_connected"]["connections"] == 65_485
    assert [component["name"] for component in found["components"]] == [
        "RandConnDIETClassifier"
    ]


def test_a_file_that_is_no_model_gets_one_line(tmp_path, capsys):
    text = tmp_path / "notes.txt"
    text.write_text("no model")
    other = archive(tmp_path / "photos.tar.gz", {"photo.png": b"x"})
    for path in (tmp_path / "none.tar.gz", tmp_path, text, other):
        for arguments in ([], ["--json"]):
            assert cli.main(["inspect", str(path), *arguments]) == 1

            output = capsys.readouterr()
            assert output.out == ""
            assert len(output.err.splitlines()) == 1
            assert str(path) in output.err


def test_it_imports_neither_tensorflow_nor_rasa(tmp_path):
    code = (
        "import sys; from rasa_randconn import cli; "
        f"assert cli.main(['inspect', {str(model(tmp_path))!r}]) == 0; "
        "assert not {'tensorflow', 'rasa'} & set(sys.modules), 'imported'"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_it_ends_quietly_when_nobody_reads_on(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "rasa_randconn.cli", "inspect", "--json"]
    found = subprocess.run(
        [*command, str(model(tmp_path))], stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert found.returncode == 1
    assert found.stderr == b""
