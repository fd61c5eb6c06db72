"""Paths of layers as a tree, so that long ones take little room."""

from __future__ import annotations

import re
from typing import Dict, Iterable, Iterator, NamedTuple, Optional

from rasa_randconn.inspection.layers import Layer

_INDENT = "  "

# After the characters that divide paths.
_NEXT_NAME = re.compile(r"(?<=[/.])")


class Line(NamedTuple):
    """A line of a tree.

    Attributes:
        label: Part of a path, indented. The path of a layer is its label after those
            of all lines that it belongs to.
        layer: The layer at the path; `None` if it only leads to others.
    """

    label: str
    layer: Optional[Layer]


def tree_of(layers: Iterable[Layer], width: int) -> Iterator[Line]:
    """Arranges layers by the beginnings that their paths have in common.

    Args:
        layers: The layers.
        width: Parts of a path are put into one line if that is not longer; a single
            name may be.

    Yields:
        The lines, in the order of the layers.
    """
    root = _Branch()
    for layer in layers:
        branch = root
        for name in _NEXT_NAME.split(layer.name):
            branch = branch.branches.setdefault(name, _Branch())
        branch.layer = layer
    yield from root.lines("", width)


class _Branch:
    """What follows the beginning of some paths."""

    def __init__(self) -> None:
        self.layer: Optional[Layer] = None
        self.branches: Dict[str, _Branch] = {}

    def lines(self, indent: str, width: int) -> Iterator[Line]:
        for name, branch in self.branches.items():
            label = indent + name
            while branch.layer is None and len(branch.branches) == 1:
                ((following, only),) = branch.branches.items()
                if len(label + following) > width:
                    break
                label, branch = label + following, only
            yield Line(label, branch.layer)
            yield from branch.lines(indent + _INDENT, width)
