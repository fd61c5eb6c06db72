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


def test_no_other_private_name_is_used():
    trees = {path: ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}
    ours = set()
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                ours.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                ours.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                ours.add(node.id)
    known = {private.name for private in PRIVATE_NAMES}
    # of the standard library, documented there
    known |= {"_exit", "_SubParsersAction"}
    unknown = {
        f"{path.relative_to(PACKAGE)}: {node.attr}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and re.match("_[^_]", node.attr)
        and node.attr not in ours | known
    }
    assert not unknown
