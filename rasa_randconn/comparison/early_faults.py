"""Finds faults of components that can be told without importing Rasa."""

from __future__ import annotations

from typing import Any, Collection, Iterator, List, Mapping, Optional, Sequence

import rasa_randconn
from rasa_randconn.comparison.configuration import entries, read_config
from rasa_randconn.component_names import PREFIX, unknown_component
from rasa_randconn.options import OPTIONS, meant_option

DEFAULT_LAYERS = {
    "DIETClassifier": 2,
    "ResponseSelector": 0,
    "TEDPolicy": 1,
    "UnexpecTEDIntentPolicy": 1,
}
"""Transformer layers of Rasa's own components, and of ours, by default.

Those of policies are the layers for dialogues.
"""

STOCK_COMPONENTS = tuple(DEFAULT_LAYERS)
"""Names of Rasa's own components that have transformers."""

DEFAULT_HEADS = 4
"""Attention heads of all of them, and of ours."""

TRANSFORMER_SIZE = "transformer_size"
"""Name of the option with the units of a transformer."""

_HEADS = "number_of_attention_heads"
_LAYERS = "number_of_transformer_layers"
_DIALOGUE = "dialogue"


def attention_heads(entry: Mapping[str, Any]) -> Optional[int]:
    """Tells how many attention heads a component has, without importing Rasa.

    Args:
        entry: Its name and options.

    Returns:
        Its `number_of_attention_heads`; `None` if only Rasa knows, as of a component
        that is neither Rasa's own nor ours.
    """
    package, _, name = str(entry["name"]).rpartition(".")
    is_ours = package == rasa_randconn.__name__ and name in rasa_randconn.COMPONENTS
    is_stock = package.split(".")[0] in ("", "rasa") and name in STOCK_COMPONENTS
    heads = entry.get(_HEADS, DEFAULT_HEADS)
    if not (is_ours or is_stock) or not _is_whole(heads) or heads < 1:
        return None
    return int(heads)


def indivisible_heads(
    entry: Mapping[str, Any], size: Any, heads: Optional[int] = None
) -> Optional[int]:
    """Tells whether attention heads cannot share the units of a transformer evenly.

    Args:
        entry: Name and options of a component.
        size: The `transformer_size`, in units.
        heads: The `number_of_attention_heads` where Rasa was asked for it.

    Returns:
        The number of heads; `None` if they can, if there are no transformer layers, or
        if heads, layers or size are unknown without Rasa.
    """
    heads = attention_heads(entry) if heads is None else heads
    if heads is None or not _is_whole(size) or size < 1 or not _has_layers(entry):
        return None
    return heads if size % heads else None


def _has_layers(entry: Mapping[str, Any]) -> bool:
    """Whether a component is known to have transformer layers."""
    class_name = str(entry["name"]).rpartition(".")[2]
    default = DEFAULT_LAYERS.get(class_name.replace(PREFIX, "", 1))
    layers = entry.get(_LAYERS, default)
    counts = [layers]
    if isinstance(layers, Mapping) and class_name.endswith("Policy"):
        # policies have encoders of texts only where the dialogues have texts
        counts = [layers.get(_DIALOGUE, default)]
    elif isinstance(layers, Mapping):
        counts = list(layers.values())
    return any(_is_whole(count) and count > 0 for count in counts)


def known_faults(
    path: str, sections: Sequence[str], replaced: Collection[str] = ()
) -> List[str]:
    """Finds faults of components that can be told without importing Rasa.

    These are misspelt names, misspelt options and impossible values of our components,
    and sizes that attention heads cannot share.

    Args:
        path: The YAML file of a configuration.
        sections: Those to look at.
        replaced: Options whose values in the file do not count, as they get others.

    Returns:
        A line for each fault.
    """
    faults: List[str] = []
    for written in entries(read_config(path), sections):
        entry = {key: value for key, value in written.items() if key not in replaced}
        if str(entry["name"]).rpartition(".")[0] == rasa_randconn.__name__:
            faults += _faults_of_ours(entry)
        fault = _fault_of_size(entry)
        faults += [fault] if fault is not None else []
    return [f"{path}: {fault}" for fault in faults]


def _faults_of_ours(entry: Mapping[str, Any]) -> Iterator[str]:
    known = [f"{rasa_randconn.__name__}.{name}" for name in rasa_randconn.COMPONENTS]
    name = str(entry["name"])
    if name not in known:
        yield unknown_component(name)
        return
    for key in entry:
        meant = meant_option(str(key))
        if meant is not None:
            yield f"'{name}' has no option '{key}'. Did you mean '{meant}'?"
    for option in OPTIONS:
        value = entry.get(option.name, option.default)
        if isinstance(value, str) and "${" in value:
            continue
        try:
            option.check(option.name, value)
        except ValueError as error:
            yield f"Invalid configuration of '{name}': {error}."


def _fault_of_size(entry: Mapping[str, Any]) -> Optional[str]:
    size = entry.get(TRANSFORMER_SIZE)
    heads = indivisible_heads(entry, size)
    if heads is None:
        return None
    return (
        f"The {TRANSFORMER_SIZE} {size} of '{entry['name']}' is not a multiple of its "
        f"{heads} attention heads."
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
