from __future__ import annotations

import re
from pathlib import Path

import pytest
from rasa.shared.exceptions import RasaException
from rasa.shared.utils.common import class_from_module_path

import rasa_randconn
import rasa_randconn.components
from rasa_randconn.component_names import COMPONENTS, meant_component, unknown_component


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


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("rasa_randconn.Tokenizer", " There are: rasa_randconn.RandConnDIET"),
        ("rasa_randconn.components.Tokenizer", " There are: rasa_randconn.RandConnDI"),
        ("rasa_randconn.RandConn", " There are: rasa_randconn.RandConnDIETClassifier"),
        ("rasa_randconn.TEDPolicy", " Did you mean 'rasa_randconn.RandConnTEDPolicy'?"),
        ("RandConnTEDPolicy", " Did you mean 'rasa_randconn.RandConnTEDPolicy'?"),
        ("randconn_diet", " Did you mean 'rasa_randconn.RandConnDIETClassifier'?"),
        ("rasa_randcon.RandConnTEDPolicy", " Did you mean 'rasa_randconn.RandConnTEDP"),
        ("DietClassifier", " Did you mean 'DIETClassifier'?"),
        ("no_package.Own", ""),
    ],
)
def test_a_name_that_nothing_has_gets_one_answer(name, hint):
    message = unknown_component(name, ["DIETClassifier", "TEDPolicy"])
    start = f"There is no component '{name}'.{hint}"
    assert message.startswith(start) if hint else message == start


def test_python_gets_the_error_that_it_expects():
    with pytest.raises(AttributeError, match=r"Did you mean '.*RandConnTEDPolicy'\?"):
        _ = rasa_randconn.RandConnTedPolicy
    for module in (rasa_randconn, rasa_randconn.components):
        message = rf"^module '{module.__name__}' has no attribute 'nothing'\.$"
        with pytest.raises(AttributeError, match=message):
            _ = module.nothing
    with pytest.raises(ImportError, match="RandConnTedPolicy"):
        from rasa_randconn import RandConnTedPolicy  # noqa: F401
    for name in ("RandConnTedPolicy", "Foo", "nothing", "__wrapped__"):
        assert not hasattr(rasa_randconn, name)


@pytest.mark.parametrize("module", ["rasa_randconn", "rasa_randconn.components"])
def test_rasa_gets_an_error_that_it_shows(module):
    with pytest.raises(RasaException) as error:
        class_from_module_path(f"{module}.RandConnTedPolicy")
    assert str(error.value) == (
        "There is no component 'rasa_randconn.RandConnTedPolicy'. "
        "Did you mean 'rasa_randconn.RandConnTEDPolicy'?"
    )


def test_every_module_has_a_layer_in_the_contract_of_imports():
    package = Path(rasa_randconn.__file__).parent
    modules = {
        path.stem
        for path in package.iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists())
        and path.stem != "__init__"
    }
    project = (package.parent / "pyproject.toml").read_text(encoding="utf-8")
    (layers,) = re.findall(r"^layers = \[$(.*?)^\]$", project, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"rasa_randconn\.(\w+)", layers)) == modules
