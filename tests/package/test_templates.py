"""The forms for issues are well-formed: a site that cannot read one hides it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[2] / ".github" / "ISSUE_TEMPLATE"
FORMS = sorted(path for path in FOLDER.glob("*.yml") if path.name != "config.yml")
TYPES = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_has_what_it_needs(path):
    form = YAML(typ="safe").load(path.read_text("utf-8"))
    assert {"name", "description", "body"} <= set(form)
    questions = [part for part in form["body"] if part["type"] != "markdown"]
    names = [part["id"] for part in questions]
    assert questions
    assert len(set(names)) == len(names)
    for part in form["body"]:
        assert part["type"] in TYPES
        assert part["attributes"].get("label") or part["type"] == "markdown"
        options = part["attributes"].get("options", [])
        assert all(isinstance(option, str) for option in options)
        assert (part["type"] == "dropdown") == bool(options)
