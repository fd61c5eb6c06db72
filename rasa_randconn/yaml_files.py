"""Reads and writes YAML without changing what it does not have to."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.resolver import VersionedResolver


class _PlainResolver(VersionedResolver):
    """Leaves `${VARIABLE}` a string, also after Rasa has taught the library otherwise.

    The copies of a configuration would else hold the variables' values, or fail to be
    written.
    """

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Finds the tag of a node.

        Args:
            kind: The class of the node.
            value: The node's text.
            implicit: Whether the node may have an implicit tag.

        Returns:
            The tag.
        """
        tag = super().resolve(kind, value, implicit)
        return self.DEFAULT_SCALAR_TAG if tag == "!env_var" else tag


def yaml_parser(typ: str = "rt") -> Any:
    """Makes a YAML parser and writer that leaves contents as they are.

    Args:
        typ: `rt` keeps comments and styles, `safe` makes plain values.

    Returns:
        A parser of ruamel.yaml.
    """
    # The parser in C does not tell where a node begins and ends.
    yaml: Any = YAML(typ=typ, pure=True)
    yaml.Resolver = _PlainResolver
    yaml.width = 10_000
    yaml.preserve_quotes = True
    return yaml
