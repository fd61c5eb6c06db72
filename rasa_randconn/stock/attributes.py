"""Private attributes of components and models that tools read, free of imports."""

from __future__ import annotations

from typing import Any, Iterable, List

#: Rasa's static method by which a policy says that it will not ask its model.
SKIPS_PREDICTION = "_should_skip_prediction"


def resource_name(component: Any) -> str:
    """Name of the folder in which a component, ours or stock's, keeps its files."""
    return str(component._resource.name)


def every_layer(model: Any) -> List[Any]:
    """A Keras model, or a layer, and all layers in it, each once."""
    if hasattr(model, "_flatten_layers"):
        # `submodules` fails on models of Keras that have been trained
        layers: Iterable[Any] = model._flatten_layers()
    else:
        layers = getattr(model, "submodules", ())
    return list({id(layer): layer for layer in layers}.values())
