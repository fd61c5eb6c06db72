"""Counts of the weights of Keras models, stock's and others.

Only the workers use this module: it imports TensorFlow when called.
"""

from __future__ import annotations

from typing import Any, Optional

from rasa_randconn.stock.attributes import every_layer


def count_connections(model: Any) -> int:
    """Counts the weights of a model's randomly connected layers, without biases.

    Args:
        model: A Keras model. Its layers either have an integer `connections`, or are
            Rasa's own `RandomlyConnectedDense`, of which the ones of the mask are
            counted, or the kernel where density 1.0 makes a mask needless.

    Returns:
        The number of connections. Every layer counts once, and a layer that is made
        of counted layers does not count itself.
    """
    total = 0
    for layer in every_layer(model):
        own = _own_connections(layer)
        if own is None:
            continue
        parts = (part for part in every_layer(layer) if part is not layer)
        if all(_own_connections(part) is None for part in parts):
            total += own
    return total


def _own_connections(layer: Any) -> Optional[int]:
    import numpy as np
    from rasa.utils.tensorflow.layers import RandomlyConnectedDense

    try:
        connections = getattr(layer, "connections", None)
    except (ValueError, TypeError):  # a layer that was never built
        return None
    if isinstance(connections, (int, np.integer)):
        return int(connections)
    if isinstance(layer, RandomlyConnectedDense) and layer.built:
        if layer.kernel_mask is None:
            return int(np.prod(layer.kernel.shape))
        return int(np.count_nonzero(layer.kernel_mask.numpy()))
    return None


def count_trainable(model: Any) -> Optional[int]:
    """Counts the elements of a model's trainable variables.

    The kernels of Rasa's own randomly connected layers count in full, although their
    masks hold most elements at zero.

    Args:
        model: A Keras model.

    Returns:
        The number of elements, or `None` if the model does not tell its variables.
    """
    import numpy as np

    variables = getattr(model, "trainable_variables", None)
    if variables is None:
        return None
    unique = {id(variable): variable for variable in variables}.values()
    return int(sum(int(np.prod(variable.shape)) for variable in unique))
