"""Edits of a YAML text at the places that a parser found, leaving all else as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable, Iterator, List, Optional, Tuple

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rasa_randconn.swapping.errors import SwapError

_MERGE = "tag:yaml.org,2002:merge"
_ALIAS = re.compile(r"\s*:\s*\*[^\s,\[\]{}]+")


@dataclass(frozen=True, order=True)
class Edit:
    """The replacement of a part of a text.

    Attributes:
        start: Index of the first character that is replaced.
        end: Index after the last one.
        replacement: What stands there afterwards.
    """

    start: int
    end: int
    replacement: str = ""


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Applies edits that do not overlap; the same edit counts once.

    Args:
        text: The text.
        edits: The edits, in any order.

    Returns:
        The new text.
    """
    for edit in sorted(set(edits), reverse=True):
        text = text[: edit.start] + edit.replacement + text[edit.end :]
    return text


def line_of(text: str, index: int) -> int:
    """Counts lines.

    Args:
        text: The text.
        index: Index of a character.

    Returns:
        Number of the line that the character is in, from 1.
    """
    return text.count("\n", 0, index) + 1


def find_value(mapping: MappingNode, key: str) -> Optional[Node]:
    """Finds a value of a mapping, or of one that is merged into it by `<<`.

    Args:
        mapping: The mapping.
        key: The key.

    Returns:
        The value that counts; `None` if there is no such key.
    """
    for part in _with_merged(mapping):
        for key_node, value in part.value:
            if key_node.value == key:
                found: Node = value
                return found
    return None


def replaced_scalar(text: str, scalar: ScalarNode, new: str) -> Edit:
    """Replaces a string; its quotes, anchor and tag stay.

    Args:
        text: The whole text.
        scalar: The string's place.
        new: The new string, which needs no quotes.

    Returns:
        The edit.

    Raises:
        SwapError: If the string is written with escapes.
    """
    start, end = scalar.start_mark.index, scalar.end_mark.index
    # An anchor or a tag stands before the string, and belongs to the node.
    position = text.rfind(scalar.value, start, end)
    if position < 0:
        raise SwapError(
            f"'{scalar.value}' is written with escapes; write it plainly",
            line_of(text, start),
        )
    return Edit(position, position + len(scalar.value), new)


def removed_keys(text: str, mapping: MappingNode, keys: List[str]) -> List[Edit]:
    """Removes keys with their values, from merged mappings as well.

    In block style, where every key has lines of its own, these lines go with the
    comments at their ends.

    Args:
        text: The whole text.
        mapping: The mapping.
        keys: The keys; those that are not there are ignored.

    Returns:
        The edits.
    """
    edits: List[Edit] = []
    for part in _with_merged(mapping):
        pairs = [_place(text, key, value) for key, value in part.value]
        doomed = [key.value in keys for key, _ in part.value]
        for first, end in _runs(doomed):
            if part.flow_style:
                edits.append(_removal_in_flow(pairs, first, end))
            else:
                edits.extend(_removals_in_block(text, pairs, first, end))
    return edits


#: Where a key begins and where its value ends.
_Place = Tuple[int, int]


def _with_merged(
    mapping: MappingNode, outer: Tuple[MappingNode, ...] = ()
) -> Iterator[MappingNode]:
    """The mapping and those merged into it, the first that has a key counting."""
    yield mapping
    outer = (*outer, mapping)
    for key, value in mapping.value:
        if key.tag == _MERGE:
            merged = value.value if isinstance(value, SequenceNode) else [value]
            for other in merged:
                if other not in outer:
                    yield from _with_merged(other, outer)


def _place(text: str, key: Node, value: Node) -> _Place:
    return key.start_mark.index, _end(text, key, value)


def _end(text: str, key: Node, value: Node) -> int:
    after_key = key.end_mark.index
    if value.start_mark.index < after_key:
        # The value is an alias: its node is where the anchor is.
        alias = _ALIAS.match(text, after_key)
        return alias.end() if alias else after_key
    if isinstance(value, MappingNode) and value.value and not value.flow_style:
        # A block ends, for the parser, where the next thing begins.
        return _end(text, *value.value[-1])
    return len(text[: value.end_mark.index].rstrip())


def _runs(flags: List[bool]) -> Iterator[Tuple[int, int]]:
    """First index and index after the last of every row of flags that are set."""
    first = None
    for index, flag in enumerate([*flags, False]):
        if flag and first is None:
            first = index
        elif not flag and first is not None:
            yield first, index
            first = None


def _removal_in_flow(pairs: List[_Place], first: int, end: int) -> Edit:
    """Removes keys together with one comma."""
    if end < len(pairs):
        return Edit(pairs[first][0], pairs[end][0])
    if first > 0:
        return Edit(pairs[first - 1][1], pairs[end - 1][1])
    return Edit(pairs[0][0], pairs[-1][1])


def _removals_in_block(
    text: str, pairs: List[_Place], first: int, end: int
) -> Iterator[Edit]:
    start, value_end = pairs[first]
    if text[text.rfind("\n", 0, start) + 1 : start].strip():
        # The dash of a list is in front of the key, and must stay.
        next_key = pairs[end][0] if end < len(pairs) else pairs[-1][1]
        between = zip(pairs[first:end], [*pairs[first + 1 : end], (next_key, 0)])
        if not any(text[ended:begun].strip() for (_, ended), (begun, _) in between):
            yield Edit(start, next_key)
            return
        yield Edit(start, value_end)
        first += 1
    for key_start, value_end in pairs[first:end]:
        line_end = text.find("\n", value_end)
        yield Edit(
            text.rfind("\n", 0, key_start) + 1,
            len(text) if line_end < 0 else line_end + 1,
        )
