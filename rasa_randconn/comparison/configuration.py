"""Reads Rasa configurations and derives the copies which are trained."""

from __future__ import annotations

import copy
import re
from itertools import chain
from pathlib import Path
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
)

from ruamel.yaml.error import YAMLError

from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.files import write_atomically
from rasa_randconn.yaml_files import yaml_parser

ASSISTANT_ID = "rasa-randconn-compare"
"""The `assistant_id` given to the copy of a configuration which has none."""

SECTIONS = ("pipeline", "policies")
"""The sections that list components: trained on NLU data, and on stories."""


def read_config(path: str) -> Dict[str, Any]:
    """Reads a Rasa configuration, keeping scalars such as `${VARIABLE}` as they are.

    Args:
        path: The YAML file.

    Returns:
        The configuration as a mapping.

    Raises:
        ComparisonError: If there is no such file, or it holds no YAML mapping.
    """
    try:
        with open(path, encoding="utf-8") as file:
            config = yaml_parser().load(file)
    except OSError as error:
        raise ComparisonError(
            f"Cannot read the configuration '{path}': {error.strerror}."
        ) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise ComparisonError(
            f"The configuration '{path}' is not valid YAML: {error}"
        ) from error
    if not isinstance(config, dict):
        raise ComparisonError(
            f"The configuration '{path}' is not a mapping with keys such as 'pipeline'."
        )
    return config


def check_config(path: str, needs_nlu: bool, needs_stories: bool) -> None:
    """Checks that a configuration can be trained on the given kinds of data.

    Args:
        path: The YAML file.
        needs_nlu: Whether there is NLU data to train on.
        needs_stories: Whether there are stories to train on.

    Raises:
        ComparisonError: If the file cannot be read, is meant for another recipe, or
            leaves to Rasa's suggestions what would be trained.
    """
    config = read_config(path)
    recipe = config.get("recipe", "default.v1")
    if recipe != "default.v1":
        raise ComparisonError(
            f"The configuration '{path}' has the recipe '{recipe}', but only "
            f"'default.v1' can be compared."
        )
    for section in trained_sections(needs_nlu, needs_stories):
        entries = config.get(section)
        if not isinstance(entries, list) or not entries:
            raise ComparisonError(
                f"The configuration '{path}' lists nothing under '{section}'. Rasa "
                f"would choose for you; write out what is to be compared."
            )
        for entry in entries:
            if not isinstance(entry, dict) or "name" not in entry:
                raise ComparisonError(
                    f"The configuration '{path}' has an entry without 'name' under "
                    f"'{section}': {entry!r}."
                )


def trained_sections(nlu: object, stories: object) -> List[str]:
    """Lists the sections that there are data to train for.

    Args:
        nlu: NLU data to train on, if any.
        stories: Stories to train on, if any.
    """
    return [section for section, data in zip(SECTIONS, (nlu, stories)) if data]


def entries(
    config: Mapping[str, Any], sections: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """Gives the components of a configuration in their order.

    Args:
        config: A configuration that has been checked.
        sections: Those to look at.

    Yields:
        The name and the options of every component.
    """
    return chain.from_iterable(config[section] for section in sections)


def override(
    config: Dict[str, Any],
    is_neural: Callable[[str], bool],
    seed: int,
    epochs: Optional[int] = None,
    options: Callable[[str], Mapping[str, Any]] = lambda name: {},
) -> Dict[str, Any]:
    """Copies a configuration and sets options of its neural components.

    Args:
        config: A configuration, which is left as it is.
        is_neural: Tells from the `name` of a component whether it is neural.
        seed: The `random_seed` to set.
        epochs: The `epochs` to set; `None` keeps those of the configuration.
        options: Tells from the `name` of a neural component what else to set in it.

    Returns:
        The changed copy. It has an `assistant_id`, without which Rasa would rewrite
        the file it is read from.
    """
    changed = copy.deepcopy(config)
    if not changed.get("assistant_id"):
        changed["assistant_id"] = ASSISTANT_ID
    for section in SECTIONS:
        for entry in changed.get(section) or []:
            if is_neural(entry["name"]):
                entry["random_seed"] = seed
                if epochs is not None:
                    entry["epochs"] = epochs
                replace_options(entry, options(entry["name"]))
    return changed


def replace_options(entry: Dict[str, Any], options: Mapping[str, Any]) -> None:
    """Sets options of a component, also where it has one under its old name.

    Args:
        entry: Its options, which are changed.
        options: The options to set.
    """
    entry.update(options)
    if "connection_density" in options:
        # the old name of the same option, which would win or be refused
        entry.pop("weight_sparsity", None)


def write_config(config: Dict[str, Any], path: Path) -> None:
    """Writes a configuration as YAML.

    Args:
        config: The configuration.
        path: The file to write or replace.
    """
    with write_atomically(path) as file:
        yaml_parser().dump(config, file)


def labels(paths: Sequence[str]) -> List[str]:
    """Finds a short and unique name for every configuration, usable in file names.

    Args:
        paths: The configurations' files.

    Returns:
        The files' stems; where stems are equal, the folder's name goes in front, and
        where that does not tell them apart, or a file is given twice, a number follows.
    """
    stems = [_safe(Path(path).stem) for path in paths]
    named = [
        stem
        if stems.count(stem) == 1
        else _safe(f"{Path(path).resolve().parent.name}-{stem}")
        for path, stem in zip(paths, stems)
    ]
    unique: List[str] = []
    for name in named:
        candidate, number = name, 2
        while candidate in unique or (candidate != name and candidate in named):
            candidate = f"{name}-{number}"
            number += 1
        unique.append(candidate)
    return unique


def _safe(name: str) -> str:
    # plots leave out names that begin with an underscore
    return re.sub(r"[^\w.-]", "_", name).lstrip("_") or "config"
