from __future__ import annotations

import shutil
import subprocess

import pytest

from rasa_randconn.swapping.diff import unified_diff

TEXTS = {
    "LF": ("a\nb\nc\n", "a\nB\nc\n"),
    "CRLF": ("a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n"),
    "no last line break": ("a\nb", "a\nB"),
    "odd characters": ("a\x0c\u2028ü\x85\nb\n", "a\x0c\u2028ü\x85\nB\n"),
    "a line less": ("a\nb\nc", "a\nb"),
}


def test_equal_texts_have_no_diff():
    assert unified_diff("a\nb", "a\nb", "config.yml") == ""


def test_the_head_names_the_file():
    diff = unified_diff("a\n", "b\n", "config.yml")
    assert diff == "--- config.yml\n+++ config.yml\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs the command patch")
@pytest.mark.parametrize("case", TEXTS)
def test_patch_makes_the_new_text_of_the_old(case, tmp_path):
    old, new = TEXTS[case]
    file = tmp_path / "config.yml"
    file.write_bytes(old.encode())
    diff = unified_diff(old, new, "config.yml").encode()

    subprocess.run(["patch", "-p0"], input=diff, cwd=tmp_path, check=True)

    assert file.read_bytes() == new.encode()
