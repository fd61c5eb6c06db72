"""Names of our components, and the right one for a wrong one.

Nothing else is imported, so that the package can answer without TensorFlow.
"""

from __future__ import annotations

import difflib
import sys
from typing import Optional

_PACKAGE = "rasa_randconn"
_PREFIX = "RandConn"

#: Names of the components in a configuration, after the name of this package.
COMPONENTS = (
    "RandConnDIETClassifier",
    "RandConnResponseSelector",
    "RandConnTEDPolicy",
    "RandConnUnexpecTEDIntentPolicy",
)

# So much of a name must be that of a component.
_LEAST_SIMILARITY = 0.6


def meant_component(name: str) -> Optional[str]:
    """The component of ours that a wrong class name looks like; `None` if like none.

    Case and the prefix do not count, so stock's names are understood, too.

    Args:
        name: A class name, without a module.
    """
    by_key = {_key(component): component for component in COMPONENTS}
    similar = difflib.get_close_matches(_key(name), by_key, 1, _LEAST_SIMILARITY)
    beginnings = [key for key in by_key if _key(name) and key.startswith(_key(name))]
    return next((by_key[key] for key in (*similar, *beginnings)), None)


def unknown_name_error(name: str) -> Exception:
    """The error for a name that this package does not have.

    Rasa looks classes up with a default, which hides any `AttributeError`. So it gets
    an error of its own, whose message it shows. Other names are asked for by Python
    itself, which needs an `AttributeError`.

    Args:
        name: The name, without a module.
    """
    meant = meant_component(name)
    known = ", ".join(f"{_PACKAGE}.{component}" for component in COMPONENTS)
    answer = f"Did you mean '{_PACKAGE}.{meant}'?" if meant else f"There are: {known}."
    message = f"There is no component '{_PACKAGE}.{name}'. {answer}"
    is_class = name[:1].isupper()
    if is_class and "rasa.shared.exceptions" in sys.modules:
        from rasa_randconn.stock.unknown_component import UnknownComponentError

        return UnknownComponentError(message)
    if is_class:
        return AttributeError(message)
    return AttributeError(f"module '{_PACKAGE}' has no attribute '{name}'")


def _key(name: str) -> str:
    return name.lower().replace(_PREFIX.lower(), "").replace("_", "")
