"""What we rely on inside of Rasa and Keras is there."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest
import rasa

import rasa_randconn
from rasa_randconn.stock.contract import PRIVATE_NAMES

PACKAGE = Path(rasa_randconn.__file__).parent


def owner_of(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def has_private_name(owner, name):
    """Whether a class has an attribute, or sets it on its instances."""
    if hasattr(owner, name):
        return True
    sets_it = re.compile(rf"self\.{name}\b\s*(:[^=\n]+)?=[^=]")
    declares_it = re.compile(rf"^\s+{name}\s*:", re.M)
    sources = [
        inspect.getsource(parent)
        for parent in owner.__mro__
        if parent.__module__.split(".")[0] in ("rasa", "keras")
    ]
    return any(sets_it.search(s) or declares_it.search(s) for s in sources)


@pytest.mark.parametrize(
    "private", PRIVATE_NAMES, ids=lambda p: f"{p.owner.rsplit('.', 1)[1]}.{p.name}"
)
def test_rasa_and_keras_still_have(private):
    owner = owner_of(private.owner)
    if not has_private_name(owner, private.name):
        pytest.fail(
            f"Rasa {rasa.__version__} has no `{owner.__name__}.{private.name}` any "
            f"more; rasa_randconn uses it to {private.use}.",
            pytrace=False,
        )


def test_a_missing_name_is_noticed():
    for private in PRIVATE_NAMES:
        assert not has_private_name(owner_of(private.owner), "_not_there_at_all")


def private_names_of(tree):
    """Private names that a module defines or sets, and attributes that it uses."""
    defined, used = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined.add(node.name)
        elif isinstance(node, ast.Attribute):
            (defined if isinstance(node.ctx, ast.Store) else used).add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.add(node.id)
    is_private = re.compile("_[^_]").match
    return set(filter(is_private, defined)), set(filter(is_private, used))


def test_only_names_of_the_contract_are_used_and_only_in_this_package():
    in_contract = {private.name for private in PRIVATE_NAMES}
    # of the standard library, and of Numba's guide to extensions, documented there
    documented = {"_exit", "_SubParsersAction", "_getvalue"}
    modules = {
        path.relative_to(PACKAGE): private_names_of(ast.parse(path.read_text()))
        for path in PACKAGE.rglob("*.py")
    }
    ours = {name for defined, _ in modules.values() for name in defined}
    unknown, elsewhere = set(), set()
    for path, (defined, used) in modules.items():
        foreign = used - defined - documented
        unknown |= {f"{path}: {name}" for name in foreign - ours - in_contract}
        if path.parts[0] != "stock":
            # ours may have the same name, but then the module defines it
            elsewhere |= {f"{path}: {name}" for name in foreign & in_contract}
            overrides = {"_load", "_predict", "_create_model_data", "_load_params"}
            if path.parts[0] == "components":
                elsewhere |= {f"{path}: {name}" for name in overrides & defined}
    assert not unknown
    assert not elsewhere
