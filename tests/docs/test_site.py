"""What the built site promises: nothing of it comes from other servers."""

from __future__ import annotations

import re

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from scripts.option_tables import DOCS

CONFIG = DOCS.parent / "mkdocs.yml"
VARIABLES = {
    "DOCS_SITE_URL": "https://docs.invalid/",
    "DOCS_REPOSITORY_URL": "https://code.invalid/rasa_randconn",
    "DOCS_EDIT_URI": "edit/main/docs/",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site as somebody would publish it."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        build(load_config(str(CONFIG), site_dir=str(folder), strict=True))
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {p.name: p.read_text("utf-8") for p in site.rglob("*.html")}


def test_pages_load_nothing_from_other_servers(site, pages):
    assert len(pages) > 15
    for text in pages.values():
        loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]*)"', text)
        for link in re.findall(r"<link [^>]*>", text):
            if "canonical" not in link:
                loaded += re.findall(r'href="([^"]*)"', link)
        assert [address for address in loaded if "//" in address] == []
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(?:https?:)?//", style.read_text("utf-8"))


def test_the_search_has_its_index_as_a_script_for_readers_without_a_server(site, pages):
    assert "Troubleshooting" in (site / "search" / "search_index.js").read_text("utf-8")
    assert "iframe-worker" in pages["index.html"]


def test_a_published_page_has_links_for_editing_and_to_the_repository(pages):
    expected = f'{VARIABLES["DOCS_REPOSITORY_URL"]}/edit/main/docs/serving.md"'
    assert expected in pages["serving.html"]


def test_there_are_no_such_links_where_nobody_has_set_them(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    config = load_config(str(CONFIG))
    assert not config.repo_url
    assert not config.edit_uri
    assert not config.site_url
