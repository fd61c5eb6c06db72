"""Checks configurations of our components."""

from __future__ import annotations

import difflib
import math
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Type

import rasa.shared.utils.io
from rasa.core.constants import DIALOGUE, POLICY_MAX_HISTORY
from rasa.core.policies.policy import Policy
from rasa.engine.graph import GraphComponent
from rasa.nlu.constants import DEFAULT_TRANSFORMER_SIZE
from rasa.shared.exceptions import InvalidConfigException
from rasa.utils.tensorflow.constants import (
    CONNECTION_DENSITY,
    LEARNING_RATE,
    NUM_HEADS,
    NUM_TRANSFORMER_LAYERS,
    RANDOM_SEED,
    TENSORBOARD_LOG_LEVEL,
    TRANSFORMER_SIZE,
    USE_TEXT_AS_LABEL,
)

from rasa_randconn.connections import check_fraction
from rasa_randconn.options import LARGEST_SEED, OPTIONS, WEIGHT_SPARSITY, meant_option
from rasa_randconn.stock.recipe import complete_config

# Names that the levels of TensorBoard had in Rasa 1; stock accepts them, too.
_LOG_LEVELS_OF_RASA_1 = {"epochs": "epoch", "minibatch": "batch"}

# Where deprecated options end; without it, Rasa would name a version of its own.
_FIRST_VERSION_WITHOUT = "rasa_randconn 2.0"

# Rasa itself adds these to a component's configuration.
_KEYS_OF_RASA = {"name", "featurizer", "finetuning_epoch_fraction", "epoch_override"}


def check_user_config(
    component: Type[GraphComponent], config: Mapping[str, Any]
) -> None:
    """Checks what a user wrote, before it is merged with the defaults.

    Args:
        component: One of our components.
        config: The component's keys as written in the configuration file.

    Raises:
        InvalidConfigException: If a value is not allowed, or a key looks like a
            misspelt one of ours. The message names key, value and what is allowed.
    """
    if WEIGHT_SPARSITY in config and CONNECTION_DENSITY in config:
        raise _invalid(
            component,
            f"'{WEIGHT_SPARSITY}' is the old name of '{CONNECTION_DENSITY}'; only one "
            f"of them can be set",
        )
    _check_unknown_keys(component, config)
    defaults = component.get_default_config()
    _check_mappings(component, config, defaults)
    complete = complete_config(component, config)
    checked_config(component, complete)
    if issubclass(component, Policy):
        _check_heads(component, complete, _as_mapping(config.get(TRANSFORMER_SIZE)))


def check_encoders_of_texts(
    component: Type[GraphComponent],
    config: Mapping[str, Any],
    attributes: Iterable[str],
) -> None:
    """Checks what matters only if dialogues have texts in the place of intents.

    Args:
        component: One of our policies.
        config: The component's keys as written in the configuration file.
        attributes: Those that the stories have texts of.

    Raises:
        InvalidConfigException: If an encoder of texts cannot have so many heads.
    """
    _check_heads(component, complete_config(component, config), attributes)


def checked_config(
    component: Type[GraphComponent], config: Mapping[str, Any]
) -> Dict[str, Any]:
    """Checks a complete configuration and brings it into its final form.

    `weight_sparsity` becomes `connection_density`, and a mapping of densities gets all
    layer kinds.

    Args:
        component: One of our components.
        config: The component's configuration, merged with the defaults.

    Returns:
        A new configuration.

    Raises:
        InvalidConfigException: If a value is not allowed.
    """
    final = dict(config)
    if WEIGHT_SPARSITY in final:
        sparsity = _checked(
            component, check_fraction, WEIGHT_SPARSITY, final.pop(WEIGHT_SPARSITY)
        )
        final[CONNECTION_DENSITY] = 1.0 - sparsity
    for option in OPTIONS:
        final[option.name] = _checked(
            component, option.check, option.name, final[option.name]
        )
    _check_numbers(component, final)
    level = final[TENSORBOARD_LOG_LEVEL]
    final[TENSORBOARD_LOG_LEVEL] = _LOG_LEVELS_OF_RASA_1.get(level, level)
    layers = final[NUM_TRANSFORMER_LAYERS]
    if final.get(USE_TEXT_AS_LABEL) and not isinstance(layers, Mapping) and layers < 1:
        raise _invalid(
            component,
            f"'{USE_TEXT_AS_LABEL}: true' needs at least one layer in "
            f"'{NUM_TRANSFORMER_LAYERS}', not {layers!r}",
        )
    check_transformer_size(component, final)
    return final


def check_transformer_size(
    component: Type[GraphComponent], config: Mapping[str, Any]
) -> None:
    """Checks that attention heads divide the units of every encoder that there will be.

    Args:
        component: A component of Rasa's or of ours.
        config: Its configuration, merged with the defaults.

    Raises:
        InvalidConfigException: If they do not.
    """
    # a policy has encoders of texts only where the dialogues have texts
    attributes: Iterable[Optional[str]] = [DIALOGUE]
    if not issubclass(component, Policy):
        sizes, layers = config[TRANSFORMER_SIZE], config[NUM_TRANSFORMER_LAYERS]
        attributes = {**_as_mapping(sizes), **_as_mapping(layers)} or [None]
    _check_heads(component, config, attributes)


def warn_of_deprecated_options(
    component: Type[GraphComponent], config: Mapping[str, Any]
) -> None:
    """Warns if a configuration uses the name that the density had before Rasa 2.6."""
    if WEIGHT_SPARSITY in config:
        rasa.shared.utils.io.raise_deprecation_warning(
            f"The option '{WEIGHT_SPARSITY}' of '{component.__name__}' is deprecated "
            f"and will be removed in {_FIRST_VERSION_WITHOUT}. Please use "
            f"'{CONNECTION_DENSITY}: {1.0 - config[WEIGHT_SPARSITY]:g}' instead.",
            warn_until_version=_FIRST_VERSION_WITHOUT,
        )


def _checked(
    component: Type[GraphComponent],
    check: Callable[[str, object], Any],
    name: str,
    value: object,
) -> Any:
    try:
        return check(name, value)
    except ValueError as error:
        raise _invalid(component, str(error)) from error


def _check_numbers(component: Type[GraphComponent], config: Mapping[str, Any]) -> None:
    """Checks options of stock that would fail late, or not at all."""
    rate, seed = config[LEARNING_RATE], config[RANDOM_SEED]
    is_number = isinstance(rate, (int, float)) and not isinstance(rate, bool)
    if not is_number or not 0 < rate < math.inf:
        raise _invalid(
            component, f"'{LEARNING_RATE}' must be a positive number, not {rate!r}"
        )
    if seed is not None:
        seed = _whole_number(component, RANDOM_SEED, seed)
        if not 0 <= seed <= LARGEST_SEED:
            raise _invalid(
                component,
                f"'{RANDOM_SEED}' must be a number from 0 to {LARGEST_SEED}, "
                f"not {seed}",
            )
    level = config[TENSORBOARD_LOG_LEVEL]
    allowed = ("epoch", "batch", *_LOG_LEVELS_OF_RASA_1)
    if level not in allowed:
        raise _invalid(
            component,
            f"'{TENSORBOARD_LOG_LEVEL}' must be one of {', '.join(allowed)}, not "
            f"{level!r}",
        )


def _check_mappings(
    component: Type[GraphComponent],
    config: Mapping[str, Any],
    defaults: Mapping[str, Any],
) -> None:
    """Checks that mappings stay mappings. Any other value must be `[]`, as in Rasa."""
    for key, default in defaults.items():
        if isinstance(default, Mapping) and key in config:
            value = config[key]
            if not isinstance(value, Mapping) and value != []:
                example = ", ".join(f"{name}: {of}" for name, of in default.items())
                raise _invalid(
                    component,
                    f"'{key}' must be a mapping such as {{{example}}}, not {value!r}",
                )


def _check_heads(
    component: Type[GraphComponent],
    config: Mapping[str, Any],
    attributes: Iterable[Optional[str]],
) -> None:
    sizes, layers = config[TRANSFORMER_SIZE], config[NUM_TRANSFORMER_LAYERS]
    for attribute in attributes:
        size = sizes.get(attribute) if isinstance(sizes, Mapping) else sizes
        count = layers.get(attribute, 0) if isinstance(layers, Mapping) else layers
        if not count:
            continue
        heads = _whole_number(component, NUM_HEADS, config[NUM_HEADS])
        key = (
            TRANSFORMER_SIZE if attribute is None else f"{TRANSFORMER_SIZE}.{attribute}"
        )
        size = 0 if size is None else _whole_number(component, key, size)
        size = DEFAULT_TRANSFORMER_SIZE if size < 1 else size
        if heads < 1 or size % heads:
            raise _invalid(
                component,
                f"'{key}' must be a multiple of '{NUM_HEADS}', but {size} is not a "
                f"multiple of {heads}",
            )


def _whole_number(component: Type[GraphComponent], key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _invalid(component, f"'{key}' must be a whole number, not {value!r}")
    return value


def _as_mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _check_unknown_keys(
    component: Type[GraphComponent], config: Mapping[str, Any]
) -> None:
    own = [WEIGHT_SPARSITY, *(option.name for option in OPTIONS)]
    known = {*component.get_default_config(), *own, *_KEYS_OF_RASA}
    if issubclass(component, Policy):
        known.add(POLICY_MAX_HISTORY)  # not every policy that reads it has a default
    for key in config:
        if key in known:
            continue
        meant = meant_option(str(key))
        if meant is not None:
            raise _invalid(
                component,
                f"there is no option '{key}' (value {config[key]!r}). Did you mean "
                f"'{meant}'?",
            )
        similar = difflib.get_close_matches(str(key), sorted(known), n=1, cutoff=0.8)
        hint = f" Did you mean '{similar[0]}'?" if similar else ""
        rasa.shared.utils.io.raise_warning(
            f"'{component.__name__}' has no option '{key}'; it is ignored, as it is "
            f"by Rasa's own components.{hint}"
        )


def _invalid(component: Type[GraphComponent], reason: str) -> InvalidConfigException:
    end = "" if reason.endswith("?") else "."
    return InvalidConfigException(
        f"The configuration of '{component.__name__}' is not valid: {reason}{end}"
    )
