"""The tables of options in `docs/`, made from the defaults of the components.

MkDocs calls `on_page_markdown` for every page (see `mkdocs.yml`), so the tables of the
site are always those of the code. They stand in the sources as well, for those who read
them there; `python -m scripts.option_tables` brings these up to date.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping

from ruamel.yaml import YAML

import rasa_randconn
from rasa_randconn.files import write_atomically
from rasa_randconn.options import OPTIONS
from rasa_randconn.stock.recipe import stock_parent

DOCS = Path(__file__).resolve().parent.parent / "docs"
MEANINGS = DOCS / "option_meanings.yml"

#: Stands at the top of every table.
DENSITY = "connection_density"

#: Key of the meanings that hold for all components without one of their own.
EVERY_COMPONENT = "every component"

#: What the style sheet of the site knows tables of options by.
_OPTIONS_START = '<div class="options" markdown>'
_OPTIONS_END = "</div>"

_SAVED = re.compile(
    r"(?P<start><!-- where options are saved -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)

_TABLE = re.compile(
    r"(?P<start><!-- options of (?P<component>\w+) -->\n).*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def on_page_markdown(markdown: str, **kwargs: Any) -> str:
    """Brings the tables of a page up to date (an event of MkDocs).

    Args:
        markdown: The page.
        **kwargs: What else MkDocs tells about it.

    Returns:
        The page with the tables that the code has now.

    Raises:
        AttributeError: If a table is for a component that does not exist.
        KeyError: If an option has no meaning.
    """
    markdown = _SAVED.sub(
        lambda found: f"{found['start']}\n{saving_table()}\n{found['end']}", markdown
    )
    return _TABLE.sub(
        lambda found: (
            f"{found['start']}\n{option_table(found['component'])}\n{found['end']}"
        ),
        markdown,
    )


def option_table(name: str) -> str:
    """Makes the table of a component's options.

    The density comes first, then options that stock lacks or has with another default,
    then stock's, in stock's order.

    Args:
        name: Name of one of our components.

    Returns:
        A table in Markdown, in an element that the style sheet of the site lays out.

    Raises:
        KeyError: If an option has no meaning.
    """
    component = getattr(rasa_randconn, name)
    defaults = component.get_default_config()
    stock_defaults = stock_parent(component).get_default_config()
    meanings = meanings_of(name)
    own: List[str] = []
    stock: List[str] = []
    for option, default in defaults.items():
        cell = _code(default)
        is_stock = option in stock_defaults and stock_defaults[option] == default
        if not is_stock:
            remark = "not in stock"
            if option in stock_defaults:
                remark = f"stock: {_code(stock_defaults[option])}"
            cell += f"<br>({remark})"
        row = f"| `{option}` | {cell} | {meanings[option]} |"
        if option == DENSITY:
            own.insert(0, row)
        else:
            (stock if is_stock else own).append(row)
    head = ["| option | default | meaning |", "|---|---|---|"]
    return "\n".join([_OPTIONS_START, "", *head, *own, *stock, "", _OPTIONS_END, ""])


def saving_table() -> str:
    """Makes the table of our options and of what models save of them."""
    rows = [f"| `{o.name}` | {_code(o.default)} | {o.saved_in} |" for o in OPTIONS]
    head = ["| option | default | what a model saves of it |", "|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def meanings_of(name: str) -> Dict[str, str]:
    """Meanings of options, those of one component before those of all.

    Args:
        name: Name of one of our components.

    Returns:
        A sentence for every option.
    """
    meanings = all_meanings()
    own = {option.name: option.meaning for option in OPTIONS}
    return {**own, **meanings[EVERY_COMPONENT], **meanings.get(name, {})}


def all_meanings() -> Mapping[str, Mapping[str, str]]:
    """Reads the meanings of stock's options: sentences by option, by component."""
    loaded: Mapping[str, Mapping[str, str]] = YAML(typ="safe").load(MEANINGS)
    return loaded


def _code(value: Any) -> str:
    """A default as in `config.yml`, where words need no quotes."""
    text = json.dumps(value).replace('"', "")
    return f"`{text}`"


def update_sources() -> List[Path]:
    """Brings the tables in `docs/` up to date.

    Returns:
        The files that changed.
    """
    changed = []
    for path in sorted(DOCS.rglob("*.md")):
        old = path.read_text(encoding="utf-8")
        new = on_page_markdown(old)
        if new != old:
            with write_atomically(path) as file:
                file.write(new)
            changed.append(path)
    return changed


if __name__ == "__main__":
    for updated in update_sources():
        print(f"{updated.relative_to(DOCS.parent)} was brought up to date")
