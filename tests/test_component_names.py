from __future__ import annotations

import subprocess
import sys

import pytest

from rasa_randconn.component_names import COMPONENTS, meant_component


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("RandConnDietClassifier", "RandConnDIETClassifier"),
        ("randconndietclassifier", "RandConnDIETClassifier"),
        ("DIETClassifier", "RandConnDIETClassifier"),
        ("RandConnDIET", "RandConnDIETClassifier"),
        ("RandomlyConnectedDIETClassifier", "RandConnDIETClassifier"),
        ("RandConnDIETClasifier", "RandConnDIETClassifier"),
        ("RandConnTedPolicy", "RandConnTEDPolicy"),
        ("RandConnTED", "RandConnTEDPolicy"),
        ("RandConn_TED_Policy", "RandConnTEDPolicy"),
        ("TEDPolicy", "RandConnTEDPolicy"),
        ("ResponseSelector", "RandConnResponseSelector"),
        ("RandConnSelector", "RandConnResponseSelector"),
        ("RandConnUnexpectedIntentPolicy", "RandConnUnexpecTEDIntentPolicy"),
        ("UnexpecTEDIntentPolicy", "RandConnUnexpecTEDIntentPolicy"),
        ("RandConn", None),
        ("WhitespaceTokenizer", None),
        ("", None),
        *((name, name) for name in COMPONENTS),
    ],
)
def test_the_component_that_is_meant_is_found(name, meant):
    assert meant_component(name) == meant


# What a name answers before and after Rasa is imported.
ANSWERS = """
import importlib, rasa_randconn
def answer(name):
    try:
        return hasattr(rasa_randconn, name)
    except Exception as error:
        return type(error).__name__
print([answer(n) for n in ("RandConnTedPolicy", "Foo", "nothing", "__path__")])
import rasa.shared.exceptions
print([answer(n) for n in ("RandConnTedPolicy", "Foo", "nothing", "__wrapped__")])
try:
    from rasa_randconn import RandConnTedPolicy
except rasa.shared.exceptions.RasaException as error:
    print(error)
"""


def test_only_class_names_get_an_error_of_their_own_and_only_with_rasa():
    output = subprocess.run(
        [sys.executable, "-c", ANSWERS], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.splitlines()
    assert output == [
        "[False, False, False, True]",
        "['UnknownComponentError', 'UnknownComponentError', False, False]",
        "There is no component 'rasa_randconn.RandConnTedPolicy'. "
        "Did you mean 'rasa_randconn.RandConnTEDPolicy'?",
    ]
