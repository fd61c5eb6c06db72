"""What the configuration of one component becomes when the component is swapped."""

from __future__ import annotations

import enum
from typing import Any, Dict, Mapping, Optional, Set, Tuple

from rasa_randconn import options

NAME = "name"
CONNECTION_DENSITY = options.CONNECTION_DENSITY.name
WEIGHT_SPARSITY = options.WEIGHT_SPARSITY
OWN_OPTIONS = tuple(option.name for option in options.OWN_OPTIONS)

#: Stock's components that we have a counterpart of, with the density that they have
#: where the configuration sets none.
STOCK_DENSITIES: Dict[str, float] = {
    "DIETClassifier": 0.2,
    "ResponseSelector": 1.0,
    "TEDPolicy": 0.2,
    "UnexpecTEDIntentPolicy": 0.2,
}

_OUR_PACKAGE = "rasa_randconn"
_STOCK_PACKAGE = "rasa"
_OUR_PREFIX = "RandConn"


class Target(enum.Enum):
    """Whose components a configuration shall name."""

    RANDCONN = "randconn"
    STOCK = "stock"


def stock_class(name: str) -> Optional[str]:
    """Finds the stock component which is named, or which the named one stands in for.

    Args:
        name: A component's name in a configuration: a class, with or without module.

    Returns:
        The name of stock's class; `None` for components that are neither of stock's
        four nor ours.
    """
    package, class_name = _split(name)
    if package in ("", _STOCK_PACKAGE) and class_name in STOCK_DENSITIES:
        return class_name
    if package in ("", _OUR_PACKAGE) and class_name.startswith(_OUR_PREFIX):
        stock = class_name[len(_OUR_PREFIX) :]
        return stock if stock in STOCK_DENSITIES else None
    return None


def belongs_to(name: str, target: Target) -> bool:
    """Tells whether a name is that of one of the target's components.

    Args:
        name: A component's name in a configuration.
        target: Whose components are asked for.

    Returns:
        `True` if it is.
    """
    stock = stock_class(name)
    is_stock = stock is not None and _split(name)[1] == stock
    return stock is not None and is_stock == (target is Target.STOCK)


def swapped(component: Mapping[str, Any], target: Target) -> Optional[Dict[str, Any]]:
    """Swaps one component.

    Options which the other component does not know are left out: ours in stock, a
    mapping of densities in stock, and `weight_sparsity` beside `connection_density`,
    which stock ignores and ours refuse.

    Args:
        component: The component's configuration.
        target: Whose component it shall become.

    Returns:
        The new configuration; `None` if the component stays as it is.
    """
    stock = stock_class(component[NAME])
    if stock is None or belongs_to(component[NAME], target):
        return None
    left_out = _left_out(component, target)
    new = {key: value for key, value in component.items() if key not in left_out}
    new[NAME] = (
        stock if target is Target.STOCK else f"{_OUR_PACKAGE}.{_OUR_PREFIX}{stock}"
    )
    return new


def _left_out(component: Mapping[str, Any], target: Target) -> Set[str]:
    if target is Target.RANDCONN:
        both = {WEIGHT_SPARSITY, CONNECTION_DENSITY} <= set(component)
        return {WEIGHT_SPARSITY} if both else set()
    has_kinds = isinstance(component.get(CONNECTION_DENSITY), Mapping)
    return {*OWN_OPTIONS, *([CONNECTION_DENSITY] if has_kinds else [])}


def _split(name: str) -> Tuple[str, str]:
    module, _, class_name = name.rpartition(".")
    return module.partition(".")[0], class_name
