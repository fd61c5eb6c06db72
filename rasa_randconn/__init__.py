"""Randomly connected layers for Rasa's DIET and TED that pay in time and space.

Name the components in `config.yml` as `rasa_randconn.RandConnDIETClassifier`,
`rasa_randconn.RandConnResponseSelector`, `rasa_randconn.RandConnTEDPolicy` and
`rasa_randconn.RandConnUnexpecTEDIntentPolicy`. They are imported on first use, so that
the command-line tool does not have to wait for TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

from rasa_randconn.component_names import (
    COMPONENTS,
    is_rasa_asking,
    unknown_attribute,
    unknown_component,
)
from rasa_randconn.version import __version__

if TYPE_CHECKING:
    from rasa_randconn.components import (
        RandConnDIETClassifier,
        RandConnResponseSelector,
        RandConnTEDPolicy,
        RandConnUnexpecTEDIntentPolicy,
    )
    from rasa_randconn.keras import RandomlyConnectedDense

__all__ = [
    "COMPONENTS",
    "RandConnDIETClassifier",
    "RandConnResponseSelector",
    "RandConnTEDPolicy",
    "RandConnUnexpecTEDIntentPolicy",
    "RandomlyConnectedDense",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Imports a public class when it is first asked for (PEP 562)."""
    if name in COMPONENTS:
        from rasa_randconn import components

        return getattr(components, name)
    if name == "RandomlyConnectedDense":
        from rasa_randconn.keras import RandomlyConnectedDense

        return RandomlyConnectedDense
    if is_rasa_asking():
        from rasa_randconn.stock.unknown_component import UnknownComponentError

        raise UnknownComponentError(unknown_component(f"{__name__}.{name}"))
    raise unknown_attribute(__name__, name)


def __dir__() -> List[str]:
    """Public names, including those not imported yet."""
    return sorted(__all__)
