"""What all layers with weights of their own have in common."""

from __future__ import annotations

from typing import Callable, Generic, Iterator, TypeVar

import numpy as np

from rasa_randconn.autodiff import Parameter

#: What a layer's passes take: its weights as views of a flat array, or their gradients.
ViewsT = TypeVar("ViewsT")

#: Returns the part of a flat array that holds a parameter, in its shape.
PartOf = Callable[[Parameter], np.ndarray]


class Layer(Generic[ViewsT]):
    """Weights, and sublayers with weights.

    Both are found among the attributes, so no other place lists them. A layer keeps
    nothing of a pass: several threads may use it at once.
    """

    def walk(self) -> Iterator[Layer]:
        """This layer and all layers within it, in the order of their creation."""
        yield self
        for value in vars(self).values():
            for item in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(item, Layer):
                    yield from item.walk()

    def own_parameters(self) -> Iterator[Parameter]:
        """The weights of this layer, without those of its sublayers."""
        for value in vars(self).values():
            if isinstance(value, Parameter):
                yield value

    def views(self, part_of: PartOf) -> ViewsT:
        """This layer's weights as views of a flat array, as `forward` takes them.

        Args:
            part_of: Called with a parameter of this layer or its sublayers; returns the
                part of the flat array that holds it.
        """
        raise NotImplementedError(f"{type(self).__name__} has no weights of its own.")
