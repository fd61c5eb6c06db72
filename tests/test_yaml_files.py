from __future__ import annotations

import io

import pytest
import rasa.shared.utils.io

from rasa_randconn.yaml_files import yaml_parser

TEXT = """\
# a comment
pipeline:
- name: "A"   # quoted
  token: ${TOKEN}
"""


def written(value):
    buffer = io.StringIO()
    yaml_parser().dump(value, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("rasa_came_first", [False, True])
def test_comments_quotes_and_variables_stay_as_they_are(rasa_came_first):
    if rasa_came_first:
        # teaches ruamel.yaml to put in the values of variables
        rasa.shared.utils.io.read_yaml("a: 1")
    assert written(yaml_parser().load(TEXT)) == TEXT


def test_plain_values_are_those_of_python():
    values = yaml_parser("safe").load(TEXT)
    assert values == {"pipeline": [{"name": "A", "token": "${TOKEN}"}]}
    assert type(values) is dict


def test_long_lines_are_not_wrapped():
    text = f"text: {'word ' * 500}end\n"
    assert written(yaml_parser().load(text)) == text
