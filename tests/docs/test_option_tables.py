from __future__ import annotations

import re

import pytest
from ruamel.yaml import YAML

from rasa_randconn import components
from scripts import option_tables

DEFAULTS = {
    name: getattr(components, name).get_default_config() for name in components.__all__
}
PAGES = {path: path.read_text("utf-8") for path in option_tables.DOCS.rglob("*.md")}
ROW = re.compile(
    r"^\| `(?P<option>\w+)` \| `(?P<default>.*?)`"
    r"(?:<br>\((?:stock: `(?P<stock>.*?)`|not in stock)\))? \| (?P<meaning>.+) \|$",
    re.MULTILINE,
)

every_component = pytest.mark.parametrize("name", DEFAULTS)


def rows_in_the_sources(name):
    """The rows of a component's table as it stands in `docs/`, by option."""
    start, end = f"<!-- options of {name} -->", "<!-- end -->"
    (page,) = [text for text in PAGES.values() if start in text]
    lines = page.split(start)[1].split(end)[0].splitlines()
    table = [line for line in lines if line.startswith("|")]
    rows = [ROW.match(line) for line in table[2:]]
    assert all(rows)
    return {row["option"]: row for row in rows}


def from_yaml(text):
    return YAML(typ="safe").load(text)


@every_component
def test_every_option_has_a_meaning(name):
    assert set(DEFAULTS[name]) <= set(option_tables.meanings_of(name))


def test_every_meaning_is_that_of_an_option():
    meanings = dict(option_tables.all_meanings())
    of_every_component = set(meanings.pop(option_tables.EVERY_COMPONENT))
    assert set(meanings) <= set(DEFAULTS)
    shown = set()
    for name, defaults in DEFAULTS.items():
        own = set(meanings.get(name, {}))
        assert own <= set(defaults)
        shown |= set(defaults) - own
    assert of_every_component <= shown


@every_component
def test_every_meaning_is_one_sentence_that_fits_a_cell(name):
    for option, meaning in option_tables.meanings_of(name).items():
        assert re.fullmatch(r"[A-Z][^|\n]*\.", meaning), option
        assert ". " not in meaning, option


@every_component
def test_the_table_in_the_sources_has_the_defaults_of_the_code(name):
    rows = rows_in_the_sources(name)
    written = {option: from_yaml(row["default"]) for option, row in rows.items()}
    assert written == DEFAULTS[name]


def test_options_that_stock_lacks_are_marked_and_all_others_have_its_defaults():
    rows = rows_in_the_sources("RandConnResponseSelector")
    assert not [option for option, row in rows.items() if row["stock"]]
    assert "(not in stock)" in rows["averaged_epochs"][0]
    assert "stock)" not in rows["epochs"][0]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_tables_in_the_sources_are_those_of_the_site(path):
    """If this fails, run `python -m scripts.option_tables`."""
    assert option_tables.on_page_markdown(PAGES[path]) == PAGES[path]


def test_an_old_table_is_replaced_and_the_rest_of_the_page_kept():
    page = "Before\n\n<!-- options of RandConnTEDPolicy -->\n{}<!-- end -->\n\nAfter\n"
    updated = option_tables.on_page_markdown(page.format("| an | old | table |\n"))
    table = option_tables.option_table("RandConnTEDPolicy")
    assert updated == page.format(f"\n{table}\n")


def test_an_option_without_a_meaning_stops_the_site(monkeypatch):
    monkeypatch.setattr(option_tables, "meanings_of", lambda name: {})
    page = "<!-- options of RandConnTEDPolicy -->\n<!-- end -->"
    with pytest.raises(KeyError):
        option_tables.on_page_markdown(page)


def test_a_table_of_an_unknown_component_stops_the_site():
    page = "<!-- options of RandConnTEDPolice -->\n<!-- end -->"
    with pytest.raises(AttributeError, match="RandConnTEDPolice"):
        option_tables.on_page_markdown(page)


def test_only_sources_that_changed_are_written(monkeypatch, tmp_path):
    monkeypatch.setattr(option_tables, "DOCS", tmp_path)
    marks = "<!-- options of RandConnTEDPolicy -->\n<!-- end -->\n"
    for name, text in (("old.md", marks), ("other.md", "No table\n")):
        (tmp_path / name).write_text(text)
    assert option_tables.update_sources() == [tmp_path / "old.md"]
    assert "| `max_history` | `null` |" in (tmp_path / "old.md").read_text()
    assert option_tables.update_sources() == []
