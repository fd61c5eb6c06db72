"""Names of our components, and the right one for a wrong one.

Nothing else is imported, so that the package can answer without TensorFlow.
"""

from __future__ import annotations

import difflib
import inspect
from typing import Collection, Optional

_PACKAGE = "rasa_randconn"
PREFIX = "RandConn"
"""What a component's name has before that of Rasa's own component."""

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


def unknown_component(name: str, others: Collection[str] = ()) -> str:
    """Says that there is no component of a name, and which one may be meant.

    Args:
        name: What a configuration names: a class, with or without a module.
        others: Names of components that are not ours, which may be meant, too.

    Returns:
        The message, with all of ours if the name is that of this package and like none.
    """
    return f"There is no component '{name}'.{hint(name, others)}"


def hint(name: str, others: Collection[str] = ()) -> str:
    """Says which component may be meant by a name, to be put after a sentence.

    Args:
        name: As in `unknown_component`.
        others: As in `unknown_component`.

    Returns:
        A sentence after a space; nothing if no name is like it.
    """
    module, _, class_name = name.rpartition(".")
    known = [f"{_PACKAGE}.{component}" for component in COMPONENTS]
    is_bare = not module and name.lower().startswith(PREFIX.lower())
    meant: Optional[str] = None
    if is_bare or module.partition(".")[0] == _PACKAGE:
        component = meant_component(class_name)
        meant = component and f"{_PACKAGE}.{component}"
        otherwise = f" There are: {', '.join(known)}."
    else:
        candidates = [*others, *known]
        meant = next(iter(difflib.get_close_matches(name, candidates, n=1)), None)
        otherwise = ""
    return f" Did you mean '{meant}'?" if meant else otherwise


def unknown_attribute(module: str, name: str) -> AttributeError:
    """The error that Python expects for a name that a module does not have.

    Args:
        module: The module.
        name: The name, without a module.
    """
    meant = meant_component(name)
    answer = f" Did you mean '{_PACKAGE}.{meant}'?" if meant else ""
    return AttributeError(f"module '{module}' has no attribute '{name}'.{answer}")


def is_rasa_asking() -> bool:
    """Whether the `__getattr__` that calls this was called by one of Rasa's modules.

    Rasa looks classes up with a default, which hides an `AttributeError`, so it must
    get an error of its own, whose message it shows.
    """
    frame = inspect.currentframe()
    for _ in range(2):  # to `__getattr__`, to who asks
        frame = frame.f_back if frame is not None else None
    asking = "" if frame is None else str(frame.f_globals.get("__name__"))
    return asking.partition(".")[0] == "rasa"


def _key(name: str) -> str:
    return name.lower().replace(PREFIX.lower(), "").replace("_", "")
