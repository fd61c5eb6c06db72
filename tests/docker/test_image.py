"""The Dockerfile calls commands that exist, and its entry point starts Rasa."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from rasa_randconn import cli

FOLDER = Path(__file__).parents[2] / "docker"
ENTRYPOINT = FOLDER / "entrypoint.sh"
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


@pytest.fixture
def image(tmp_path):
    """A folder with kernels of an image, and a `rasa` that prints its arguments."""
    kernels = tmp_path / "image" / "kernels_of_package"
    kernels.mkdir(parents=True)
    (kernels / "adam.nbi").write_text("machine code")
    rasa = tmp_path / "bin" / "rasa"
    rasa.parent.mkdir()
    rasa.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 3\n')
    rasa.chmod(0o755)
    return tmp_path


def _start(image, *arguments):
    variables = {
        "PATH": f"{image / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "KERNELS_OF_IMAGE": str(image / "image"),
        "NUMBA_CACHE_DIR": str(image / "tmp" / "kernels"),
    }
    return subprocess.run(
        [str(ENTRYPOINT), *arguments],
        env=variables,
        capture_output=True,
        text=True,
    )


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
    written = ("HOME", "NUMBA_CACHE_DIR", "RASA_CACHE_DIRECTORY")
    assert all(ENV[name].split("/")[1] == "tmp" for name in written)
    assert not ENV["KERNELS_OF_IMAGE"].startswith("/tmp")


def test_every_file_that_is_copied_from_this_folder_exists():
    copied = re.findall(r"^COPY (docker/\S+)", DOCKERFILE, re.MULTILINE)
    assert copied
    assert all((FOLDER.parent / path).is_file() for path in copied)


def test_the_entry_point_copies_the_kernels_and_becomes_rasa(image):
    ended = _start(image, "run", "--cors", "a b")
    assert ended.stdout.splitlines() == ["run", "--cors", "a b"]
    assert ended.returncode == 3
    copy = image / "tmp" / "kernels" / "kernels_of_package" / "adam.nbi"
    assert copy.read_text() == "machine code"


def test_without_kernels_in_the_image_rasa_starts_all_the_same(image):
    (image / "image" / "kernels_of_package" / "adam.nbi").unlink()
    (image / "image" / "kernels_of_package").rmdir()
    (image / "image").rmdir()
    ended = _start(image, "run")
    assert ended.stdout.splitlines() == ["run"]
    assert "compiled again" in ended.stderr
