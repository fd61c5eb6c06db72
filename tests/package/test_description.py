"""The description that package indexes show can be read without the repository."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import pytest
from markdown import Markdown

import rasa_randconn
from rasa_randconn import version

ROOT = Path(__file__).parents[2]
SETUP = ConfigParser()
SETUP.read(str(ROOT / "setup.cfg"), encoding="utf-8")

DESCRIPTION = (
    ROOT / SETUP["metadata"]["long_description"].replace("file:", "").strip()
).read_text("utf-8")
HTML = Markdown(extensions=["fenced_code", "tables"]).convert(DESCRIPTION)
LINKS = re.findall(r'(?:href|src)="([^"]*)"', HTML)
URLS = dict(
    (part.strip() for part in line.split("=", 1))
    for line in SETUP["metadata"]["project_urls"].strip().splitlines()
)


def test_no_link_is_relative():
    assert LINKS
    assert [link for link in LINKS if not link.startswith("https://")] == []


def test_nothing_looks_like_a_file_of_the_repository():
    assert re.findall(r"\b(?:docs|benchmarks|scripts|\.github)/\S+", DESCRIPTION) == []
    assert "make " not in DESCRIPTION


@pytest.mark.parametrize("name", rasa_randconn.COMPONENTS)
def test_every_component_is_named(name):
    assert f"rasa_randconn.{name} " in DESCRIPTION


@pytest.mark.parametrize("name", sorted(URLS))
def test_addresses_of_the_project_are_whole(name):
    assert URLS[name].startswith("https://")
    assert "example" not in URLS[name]


def test_the_version_is_written_once():
    assert SETUP["metadata"]["version"] == "attr: rasa_randconn.version.__version__"
    assert re.fullmatch(r"\d+\.\d+\.\d+", version.__version__)


def test_the_changelog_and_the_citation_know_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## \[(\d.+?)\]", changelog, re.MULTILINE)
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    (cited,) = re.findall(r"^version: (\S+)$", citation, re.MULTILINE)
    assert released[0] == cited == version.__version__
