"""Every message that the page quotes is one that some source has."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest

import rasa_randconn
from scripts.option_tables import DOCS

PAGE = (DOCS / "troubleshooting.md").read_text("utf-8")
MESSAGES = re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE)

#: Where Rasa has the messages that are its own.
RASA = "rasa.engine.recipes.default_recipe"


def texts_in(path):
    """The string literals of a module, with `…` where an f-string has a value."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [getattr(part, "value", None) for part in node.values]
            yield "".join(p if isinstance(p, str) else "…" for p in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"\{[^{}]*\}|%[rs]", "…", node.value)


def pieces(message):
    """The parts of a message between its placeholders, but for single marks."""
    return [piece for piece in message.split("…") if re.search(r"\w", piece)]


@pytest.fixture(scope="module")
def ours():
    (package,) = rasa_randconn.__path__
    return [text for path in Path(package).rglob("*.py") for text in texts_in(path)]


@pytest.fixture(scope="module")
def of_others():
    texts = list(texts_in(Path(importlib.util.find_spec(RASA).origin)))
    with pytest.raises(ModuleNotFoundError) as found:
        importlib.import_module("no_such_module")
    with pytest.raises(TypeError) as not_iterable:
        "priority" in 1  # noqa: B015
    return [*texts, str(found.value), str(not_iterable.value)]


def is_in(message, text):
    """Whether a text has all pieces of a message, one after the other."""
    at = 0
    for piece in pieces(message):
        found = text.find(piece.strip(" ."), at)
        if found < 0:
            return False
        at = found + len(piece.strip(" ."))
    return True


@pytest.mark.parametrize("message", MESSAGES)
def test_a_quoted_message_is_in_the_source(message, ours, of_others):
    assert pieces(message)
    assert any(is_in(message, text) for text in (*ours, *of_others))
