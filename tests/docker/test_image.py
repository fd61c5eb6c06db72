"""The Dockerfile calls commands that exist, and the image starts Rasa."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rasa_randconn import cli

FOLDER = Path(__file__).parents[2] / "docker"
#: Every instruction, with the lines that continue it.
DOCKERFILE = re.sub(
    r"\\\n\s*",
    "",
    "".join(
        line
        for line in (FOLDER / "Dockerfile").read_text("utf-8").splitlines(True)
        if not line.startswith("#")
    ),
)
ENV = dict(
    assignment.split("=", 1)
    for line in re.findall(r"^ENV (.+)$", DOCKERFILE, re.MULTILINE)
    for assignment in line.split()
)


def _last(instruction):
    return re.findall(rf"^{instruction} (.+)$", DOCKERFILE, re.MULTILINE)[-1]


def test_our_commands_in_the_dockerfile_exist(capsys):
    commands = re.findall(r"rasa-randconn (\w+)", DOCKERFILE)
    assert commands
    for command in commands:
        with pytest.raises(SystemExit) as end:
            cli.main([command, "--help"])
        assert end.value.code == 0, capsys.readouterr().err


def test_the_command_of_the_image_is_one_of_rasas():
    from rasa.__main__ import create_argument_parser

    options = create_argument_parser().parse_args(json.loads(_last("CMD")))
    assert options.enable_api


def test_the_image_runs_without_rights_and_writes_to_one_folder():
    assert _last("USER") == "1001"
    written = ("HOME", "RASA_CACHE_DIRECTORY")
    assert all(ENV[name].split("/")[1] == "tmp" for name in written)
    assert not ENV["NUMBA_CACHE_DIR"].startswith("/tmp")


def test_the_image_runs_rasa_with_the_kernels_that_were_compiled():
    assert json.loads(_last("ENTRYPOINT")) == ["rasa"]
    assert "rasa-randconn warmup" in DOCKERFILE[DOCKERFILE.index("NUMBA_CACHE_DIR") :]
