"""Finds the neural components of a configuration: DIET, TED and what derives from them.

Only the workers use this module: it imports Rasa when called.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any, Dict, List, Mapping

from rasa_randconn.comparison.configuration import SECTIONS


@dataclasses.dataclass(frozen=True)
class NeuralComponent:
    """A neural component and its place in a configuration."""

    key: str
    """Name in the results: the class name; with its position where it comes twice."""

    component: type
    """The class which Rasa's registry finds for the configured name."""

    family: str
    """Name of the stock class it stands in for, for example `DIETClassifier`."""

    position: str
    """Section and index in the configuration, for example `pipeline.5`."""

    resource: str
    """Name of the folder in the model archive which holds what it has learnt."""

    config: Dict[str, Any]
    """Its configuration, without defaults."""


def read_as_rasa_does(path: str) -> Dict[str, Any]:
    """Reads a configuration with the values of environment variables in it.

    Args:
        path: The YAML file.

    Raises:
        RasaException: If a variable is not set, or Rasa cannot use the file.
    """
    from rasa.shared.exceptions import InvalidConfigException
    from rasa.shared.utils.io import read_model_configuration
    from rasa.shared.utils.validation import YamlValidationException

    try:
        config: Dict[str, Any] = read_model_configuration(path)
    except YamlValidationException as error:
        # its own text fails where a key's line is unknown
        reasons = "; ".join(str(entry) for entry in error.validation_errors or ())
        raise InvalidConfigException(reasons or error.message) from error
    return config


def resolve(name: str) -> type:
    """Finds the class of a component as Rasa does.

    Args:
        name: A bare class name or a module path.

    Raises:
        InvalidConfigException: If Rasa knows no such component.
    """
    from rasa_randconn.stock.recipe import registered_component

    return registered_component(name)


def known_names() -> List[str]:
    """The names that a configuration may give to components which are not ours."""
    from rasa_randconn.component_names import COMPONENTS
    from rasa_randconn.stock.recipe import registered_names

    return sorted({*registered_names()} - {*COMPONENTS})


def check_options(component: type, options: Mapping[str, Any]) -> None:
    """Checks the options of a neural component; others are not checked.

    Args:
        component: The class of a component.
        options: Its options in a configuration.

    Raises:
        Exception: Whatever it says of options that it cannot be created with.
    """
    from rasa_randconn.components.options import (
        check_transformer_size,
        check_user_config,
    )
    from rasa_randconn.components.randomly_connected_component import (
        RandomlyConnectedComponent,
    )
    from rasa_randconn.stock.recipe import complete_config, create_alone

    if issubclass(component, RandomlyConnectedComponent):
        check_user_config(component, options)
    elif is_neural(component):
        config = complete_config(component, options)
        check_transformer_size(component, config)
        create_alone(component, config)


def is_neural(component: type) -> bool:
    """Tells whether a class is `DIETClassifier`, `TEDPolicy` or derived from them.

    Args:
        component: The class.

    Returns:
        `True` if it is.
    """
    from rasa.core.policies.ted_policy import TEDPolicy
    from rasa.nlu.classifiers.diet_classifier import DIETClassifier

    return issubclass(component, (DIETClassifier, TEDPolicy))


def family(component: type) -> str:
    """Names the stock class which a class is or is derived from.

    Args:
        component: The class of a neural component.

    Returns:
        The name of the nearest neural base class that ships with Rasa.
    """
    for base in component.__mro__:
        if base.__module__.split(".")[0] == "rasa" and is_neural(base):
            return base.__name__
    return component.__name__


def fitting_options(component: type, options: Mapping[str, Any]) -> Dict[str, Any]:
    """Chooses the options that a component has, in the form in which it has them.

    Args:
        component: The class of a neural component.
        options: Values of options, some of which the component may not have.

    Returns:
        The options that the component has a default for. Where the default is a mapping
        (as that of TED's `transformer_size`), every key of it gets the value.
    """
    defaults: Mapping[str, Any] = component.get_default_config()  # type: ignore[attr-defined]
    return {
        key: dict.fromkeys(defaults[key], value)
        if isinstance(defaults[key], Mapping)
        else value
        for key, value in options.items()
        if key in defaults
    }


def find(config: Mapping[str, Any]) -> List[NeuralComponent]:
    """Lists the neural components in the order of the configuration.

    Args:
        config: A Rasa configuration.

    Returns:
        The components.
    """
    found = []
    for section in SECTIONS:
        for index, entry in enumerate(config.get(section) or []):
            component = resolve(entry["name"])
            if is_neural(component):
                found.append(
                    NeuralComponent(
                        key=component.__name__,
                        component=component,
                        family=family(component),
                        position=f"{section}.{index}",
                        resource=f"train_{entry['name']}{index}",
                        config={k: v for k, v in entry.items() if k != "name"},
                    )
                )
    repeated = Counter(neural.key for neural in found)
    return [
        dataclasses.replace(neural, key=f"{neural.key}@{neural.position}")
        if repeated[neural.key] > 1
        else neural
        for neural in found
    ]
