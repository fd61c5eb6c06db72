"""Swaps the components of a whole configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode
from ruamel.yaml.reader import ReaderError

from rasa_randconn.comparison.configuration import SECTIONS
from rasa_randconn.swapping.components import NAME, Target, belongs_to, swapped
from rasa_randconn.swapping.edits import (
    Edit,
    apply_edits,
    find_value,
    line_of,
    removed_keys,
    replaced_scalar,
)
from rasa_randconn.swapping.errors import SwapError
from rasa_randconn.yaml_files import yaml_parser

_RECIPE = "default.v1"
_KEYS = ("recipe", "assistant_id", "language", "importers", *SECTIONS)


@dataclass(frozen=True)
class SwappedComponent:
    """A component before and after the swap.

    Attributes:
        line: Line of its name in the file, counted from 1.
        old: Its configuration before.
        new: Its configuration afterwards.
    """

    line: int
    old: Mapping[str, Any]
    new: Mapping[str, Any]


@dataclass(frozen=True)
class Swap:
    """A swapped configuration.

    Attributes:
        text: The new text of the file; the old one if nothing is swapped.
        components: The components that are swapped, in the order of the file.
        has_target: Whether components of the target were named before.
        unset_sections: The sections that are left to Rasa's choice.
    """

    text: str
    components: List[SwappedComponent]
    has_target: bool
    unset_sections: List[str]


def swap(text: str, target: Target) -> Swap:
    """Swaps all components of a configuration that have a counterpart.

    Names change, and options which the counterpart does not know are removed. Every
    other character stays. The result is read again to make sure that nothing else
    has changed in the pipeline and the policies.

    Args:
        text: The configuration file's text.
        target: Whose components it shall name.

    Returns:
        The new text, and what has changed.

    Raises:
        SwapError: If the text is not YAML, or not a configuration of Rasa's default
            recipe, or if its anchors tie what changes to what must not change.
    """
    config, root = _read(text)
    _check_is_configuration(config)
    components: Dict[int, SwappedComponent] = {}
    edits: List[Edit] = []
    has_target = False
    for component, node in _components(text, config, root):
        new = swapped(component, target)
        if new is None:
            has_target = has_target or belongs_to(component[NAME], target)
            continue
        name: Any = find_value(node, NAME)
        renaming = replaced_scalar(text, name, new[NAME])
        removed = [key for key in component if key not in new]
        edits += [renaming, *removed_keys(text, node, removed)]
        # An alias of the component leads to the same place again.
        components[node.start_mark.index] = SwappedComponent(
            line_of(text, renaming.start), component, new
        )
    new_text = _with_the_same_end(text, apply_edits(text, edits))
    _check_is_swapped(new_text, config, target)
    return Swap(
        new_text,
        [components[start] for start in sorted(components)],
        has_target,
        [section for section in SECTIONS if config.get(section) is None],
    )


def _read(text: str) -> Tuple[Any, Any]:
    """Reads YAML as values, and as nodes that know their places."""
    try:
        values = yaml_parser("safe").load(text)
        constructor, _ = yaml_parser("safe").get_constructor_parser(text)
        return values, constructor.composer.get_single_node()
    except ReaderError as error:
        raise SwapError(
            f"this is not valid YAML: {text[error.position]!r} is not allowed",
            line_of(text, error.position),
        ) from error
    except (YAMLError, DuplicateKeyError) as error:
        mark = getattr(error, "problem_mark", None)
        raise SwapError(
            f"this is not valid YAML: {getattr(error, 'problem', None) or error}",
            mark and line_of(text, mark.index),
        ) from error


def _check_is_configuration(config: Any) -> None:
    if not isinstance(config, dict) or not any(key in config for key in _KEYS):
        raise SwapError(
            f"this is not a configuration of Rasa: it has none of the keys "
            f"{', '.join(_KEYS)}"
        )
    recipe = config.get("recipe") or _RECIPE
    if recipe != _RECIPE:
        raise SwapError(
            f"the recipe is '{recipe}', but only configurations of '{_RECIPE}' can be "
            f"swapped; change the names of the components by hand"
        )


def _components(
    text: str, config: Mapping[str, Any], root: MappingNode
) -> List[Tuple[Mapping[str, Any], MappingNode]]:
    found: List[Tuple[Mapping[str, Any], MappingNode]] = []
    for section in SECTIONS:
        entries = config.get(section)
        if entries is None:
            continue
        section_node: Any = find_value(root, section)
        if not isinstance(entries, list):
            raise SwapError(
                f"'{section}' must be a list of components",
                line_of(text, section_node.start_mark.index),
            )
        for entry, node in zip(entries, section_node.value):
            if not isinstance(entry, dict) or not isinstance(entry.get(NAME), str):
                raise SwapError(
                    f"every entry of '{section}' must be a mapping with a 'name'",
                    line_of(text, node.start_mark.index),
                )
            found.append((entry, node))
    return found


def _with_the_same_end(old: str, new: str) -> str:
    """Removing a last line without line break leaves those of the lines before."""
    return new if old.endswith("\n") else re.sub(r"(\r?\n)+\Z", "", new)


def _check_is_swapped(text: str, config: Mapping[str, Any], target: Target) -> None:
    try:
        found, _ = _read(text)
    except SwapError:
        found = {}
    for section in SECTIONS:
        entries = config.get(section)
        expected = entries and [swapped(entry, target) or entry for entry in entries]
        if found.get(section) != expected:
            raise SwapError(
                f"the components of '{section}' cannot be swapped line by line. "
                f"Probably an anchor ('&', '*') ties them to something that must not "
                f"change: write out what they share, and swap again"
            )
