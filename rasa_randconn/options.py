"""Options that Rasa's own ("stock") components lack or define differently.

Defaults, checks, what `swap` says and the tables in `docs/` follow from these
declarations. Neither Rasa nor TensorFlow is imported, so that tools can use them, too.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from rasa_randconn.connections import (
    LAYER_KINDS,
    PATTERNS,
    check_fraction,
    check_pattern,
)

#: The largest `random_seed` that NumPy, and so a component, can be given.
LARGEST_SEED = 2**32 - 1

#: The name that the density had up to Rasa 2.5.
WEIGHT_SPARSITY = "weight_sparsity"

#: The density of layers for which the configuration sets none.
DEFAULT_DENSITY = 0.2


def check_bool(name: str, value: object) -> bool:
    """Checks that an option is `true` or `false`, and returns it.

    Args:
        name: What the user calls the option.
        value: The value.

    Raises:
        ValueError: If it is no bool. The message is a sentence without its full stop.
    """
    if isinstance(value, bool):
        return value
    raise ValueError(f"'{name}' must be true or false, not {value!r}")


def check_density(name: str, value: object) -> Any:
    """Checks a density, or a mapping from layer kinds to densities, and returns it.

    Layer kinds that are missing in the mapping get the default.

    Args:
        name: What the user calls the option.
        value: The value.

    Raises:
        ValueError: If it is neither of them. The message is as in `check_bool`.
    """
    if not isinstance(value, Mapping):
        return check_fraction(name, value)
    unknown = sorted(str(key) for key in value if key not in LAYER_KINDS)
    if unknown:
        raise ValueError(
            f"'{name}' has no kind of layer '{unknown[0]}'; the kinds are "
            f"{', '.join(LAYER_KINDS)}"
        )
    return {
        layer_kind: check_fraction(
            f"{name}.{layer_kind}", value.get(layer_kind, DEFAULT_DENSITY)
        )
        for layer_kind in LAYER_KINDS
    }


@dataclass(frozen=True, eq=False)
class Option:
    """An option of our components.

    Attributes:
        name: Its key in the configuration.
        default: Its default.
        check: Called with name and value; returns the value in its final form, or
            raises a `ValueError` whose message says what is allowed.
        meaning: One sentence for the tables in `docs/`, as Markdown.
        saved_in: Where a model keeps what the option decides, as Markdown.
        defaults: Other defaults, by the name of stock's component.
        stock_value: The value with which a component does what stock does; `None` if
            there is none.
        note_on_stock: What `swap` tells the user when a component whose value differs
            from `stock_value` becomes stock's.
        is_in_stock: Whether stock's components have the option, too.
    """

    name: str
    default: Any
    check: Callable[[str, object], Any]
    meaning: str
    saved_in: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    stock_value: Any = None
    note_on_stock: str = ""
    is_in_stock: bool = False

    def default_of(self, stock_component: str) -> Any:
        """The default in the component that stands in for one of stock's."""
        return self.defaults.get(stock_component, self.default)

    def value_in(self, config: Mapping[str, Any]) -> Any:
        """The configured value, or `stock_value` if the key is missing.

        Only configurations that did not go through our checks lack a key.
        """
        return config.get(self.name, self.stock_value)


CONNECTION_DENSITY = Option(
    "connection_density",
    default=DEFAULT_DENSITY,
    check=check_density,
    meaning=(
        "Fraction of the connections that exist, from 0 to 1: a number, or [a mapping "
        "by kind of layer](../random-connections.md#density)."
    ),
    saved_in="the connections of every layer, beside its weights",
    defaults={"ResponseSelector": 1.0},
    is_in_stock=True,
)

CONNECTION_PATTERN = Option(
    "connection_pattern",
    default=PATTERNS[0],
    check=check_pattern,
    meaning=(
        "How connections are chosen at random: [`grouped` or "
        "`unstructured`](../random-connections.md#the-two-patterns)."
    ),
    saved_in="the connections of every layer, beside its weights",
)

AVERAGED_EPOCHS = Option(
    "averaged_epochs",
    default=0.25,
    check=check_fraction,
    meaning=(
        "Fraction of the epochs, at the end, whose weights are averaged (unless the "
        "mean fits the training data worse); 0 disables averaging, as in stock."
    ),
    saved_in="the weights are the averaged ones",
    stock_value=0,
    note_on_stock="the weights are those of the last step, not averaged ones",
)

SCALE_LEARNING_RATE = Option(
    "scale_learning_rate",
    default=True,
    check=check_bool,
    meaning=(
        "Whether sparser layers get a higher learning rate (divided by the square root "
        "of the fraction of connections that exists); false is as in stock."
    ),
    saved_in="nothing: it only changes the training",
    defaults={"TEDPolicy": False, "UnexpecTEDIntentPolicy": False},
    stock_value=False,
    note_on_stock="sparse layers have the same learning rate as all others",
)

SAVE_HALF_PRECISION = Option(
    "save_half_precision",
    default=False,
    check=check_bool,
    meaning=(
        "Whether weights are stored with 16 bits, which halves the file; computations "
        "use 32 bits in any case."
    ),
    saved_in="the type of the weights",
    stock_value=False,
)

SAVE_OPTIMIZER_STATE = Option(
    "save_optimizer_state",
    default=False,
    check=check_bool,
    meaning=(
        "Whether the state of the optimiser is saved for `rasa train --finetune`; it "
        "is twice as large as the weights."
    ),
    saved_in="a file of its own, `*.optimizer.safetensors`",
    stock_value=False,
)

OPTIONS: Tuple[Option, ...] = (
    CONNECTION_DENSITY,
    CONNECTION_PATTERN,
    AVERAGED_EPOCHS,
    SCALE_LEARNING_RATE,
    SAVE_HALF_PRECISION,
    SAVE_OPTIMIZER_STATE,
)

#: Those that stock's components do not have.
OWN_OPTIONS: Tuple[Option, ...] = tuple(o for o in OPTIONS if not o.is_in_stock)


def meant_option(key: str) -> Optional[str]:
    """The option of ours that a name looks like, misspelt; `None` if like none.

    Args:
        key: A name that no component has an option of.
    """
    own = [WEIGHT_SPARSITY, *(option.name for option in OPTIONS)]
    if key in own:
        return None
    # 'learning_rate' is like 'scale_learning_rate', but no misspelling of it
    return next(iter(difflib.get_close_matches(key, own, n=1, cutoff=0.85)), None)


def default_options(stock_component: str) -> Dict[str, Any]:
    """Defaults of all options in the component that stands in for one of stock's."""
    return {option.name: option.default_of(stock_component) for option in OPTIONS}
