"""Names for variables and layers that do not depend on Keras' counters."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Mapping, Tuple

import tensorflow as tf

from rasa_randconn.layers.randomly_connected_dense import RandomlyConnectedDense


def variables_by_path(tf_layers: Mapping[str, Any]) -> Dict[str, tf.Variable]:
    """Every variable of the layers once, by its path within the model.

    Args:
        tf_layers: Layers by name, as stock's models keep theirs; all built.

    Returns:
        Variables, e.g. under `sequence_layer.text/text_encoder/layer_0/.../kernel`.

    Raises:
        ValueError: If two variables have the same path.
    """
    variables: Dict[str, tf.Variable] = {}
    seen = set()
    for path, layer in _layers_by_path(tf_layers):
        for variable in layer._trainable_weights + layer._non_trainable_weights:
            if id(variable) in seen:
                continue
            seen.add(id(variable))
            name = variable.name.split(":")[0].rsplit("/", 1)[-1]
            _add(variables, f"{path}/{name}", variable)
    return variables


def randomly_connected_layers_by_path(
    tf_layers: Mapping[str, Any],
) -> Dict[str, RandomlyConnectedDense]:
    """Every randomly connected layer once, by its path within the model.

    Args:
        tf_layers: Layers by name, as stock's models keep theirs; all built.

    Raises:
        ValueError: If two layers have the same path.
    """
    found: Dict[str, RandomlyConnectedDense] = {}
    for path, layer in _layers_by_path(tf_layers):
        is_new = not any(layer is other for other in found.values())
        if isinstance(layer, RandomlyConnectedDense) and layer.built and is_new:
            _add(found, path, layer)
    return found


def _layers_by_path(
    tf_layers: Mapping[str, Any],
) -> Iterator[Tuple[str, tf.keras.layers.Layer]]:
    for name, layer in tf_layers.items():
        if isinstance(layer, tf.keras.layers.Layer):
            yield from _descend(name, layer)


def _descend(
    path: str, layer: tf.keras.layers.Layer
) -> Iterator[Tuple[str, tf.keras.layers.Layer]]:
    yield path, layer
    for child in layer._flatten_layers(recursive=False, include_self=False):
        yield from _descend(f"{path}/{child.name}", child)


def _add(target: Dict[str, Any], path: str, item: Any) -> None:
    if path in target:
        raise ValueError(f"Two parts of the model have the path '{path}'.")
    target[path] = item
