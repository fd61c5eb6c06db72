"""What a swap changes for the user, in words."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple

from rasa_randconn import options
from rasa_randconn.options import OWN_OPTIONS, WEIGHT_SPARSITY
from rasa_randconn.swapping.components import (
    CONNECTION_DENSITY,
    NAME,
    STOCK_DENSITIES,
    Target,
    belongs_to,
    stock_class,
)
from rasa_randconn.swapping.configuration import Swap, SwappedComponent


def notes(swap: Swap, target: Target) -> List[str]:
    """Describes what a swap changes.

    Args:
        swap: The swap.
        target: Whose components are named afterwards.

    Returns:
        Lines of text: every kind of change to a component, then what is true of the
        whole bot, then what could not be swapped.
    """
    lines = _of_components(swap.components)
    if swap.components:
        lines += _of_the_bot(swap, target)
    elif swap.has_target:
        lines.append(f"Nothing to do: this is swapped to {target.value} already.")
    else:
        lines.append(
            f"Nothing to do: no component is one of {', '.join(STOCK_DENSITIES)}."
        )
    if target is Target.RANDCONN:
        lines += [
            f"- '{section}' is not set: where it is needed, Rasa chooses it when it "
            f"trains, with its own components, and adds it to the file as comments. To "
            f"use ours, uncomment these lines after a 'rasa train', and swap again."
            for section in swap.unset_sections
        ]
    return lines


def _of_components(components: List[SwappedComponent]) -> List[str]:
    """Describes components; those of which the same is to be said go together."""
    line_numbers: Dict[Tuple[str, ...], List[int]] = {}
    for component in components:
        renaming = f"{component.old[NAME]} becomes {component.new[NAME]}"
        key = (renaming, *_of_options(component.old, component.new))
        line_numbers.setdefault(key, []).append(component.line)
    lines = []
    for (renaming, *details), numbers in line_numbers.items():
        where = "line" if len(numbers) == 1 else "lines"
        lines.append(f"{where} {', '.join(map(str, numbers))}: {renaming}")
        lines += [f"  - {detail}" for detail in details]
    return lines


def _of_options(old: Mapping[str, Any], new: Mapping[str, Any]) -> List[str]:
    to_stock = belongs_to(new[NAME], Target.STOCK)
    removed = [key for key in old if key not in new]
    details = []
    if WEIGHT_SPARSITY in removed:
        details.append(
            f"{WEIGHT_SPARSITY} is removed: stock ignores it, ours do not accept it "
            f"beside {CONNECTION_DENSITY}"
        )
    elif removed:
        details.append(f"removed, as stock does not know them: {', '.join(removed)}")
    if CONNECTION_DENSITY not in new:
        details.append(_of_density(old, to_stock))
    stock = str(stock_class(old[NAME]))
    for option in OWN_OPTIONS:
        default, of_stock = option.default_of(stock), option.stock_value
        if to_stock:
            if option.note_on_stock and old.get(option.name, default) != of_stock:
                details.append(option.note_on_stock)
        elif option.name not in new and of_stock not in (None, default):
            details.append(
                f"{option.name} is {str(default).lower()}, our default; "
                f"{str(of_stock).lower()} is as in stock"
            )
    return details


def _of_density(old: Mapping[str, Any], to_stock: bool) -> str:
    """Describes the density of a component that does not set it after the swap."""
    component = str(stock_class(old[NAME]))
    stock = STOCK_DENSITIES[component]
    ours = options.CONNECTION_DENSITY.default_of(component)
    if CONNECTION_DENSITY in old:
        return (
            f"{CONNECTION_DENSITY} is {stock}, stock's default: it can only be a "
            f"number there"
        )
    if WEIGHT_SPARSITY in old:
        return _of_sparsity(old[WEIGHT_SPARSITY], stock, to_stock)
    if stock == ours:
        return f"{CONNECTION_DENSITY} is {stock}, the default of both"
    if to_stock:
        density, whose, other, others = stock, "stock's", ours, "ours"
    else:
        density, whose, other, others = ours, "our", stock, "stock's"
    return (
        f"{CONNECTION_DENSITY} is {density}, {whose} default; {others} is {other}: "
        f"write '{CONNECTION_DENSITY}: {other}' to keep it"
    )


def _of_sparsity(sparsity: Any, stock_density: float, to_stock: bool) -> str:
    is_number = isinstance(sparsity, (int, float))
    density = f"{CONNECTION_DENSITY}: {1 - sparsity:g}" if is_number else "a density"
    if to_stock:
        return (
            f"{WEIGHT_SPARSITY} is deprecated and ignored by stock, so that "
            f"{CONNECTION_DENSITY} is {stock_density}, stock's default; write "
            f"'{density}' instead to keep the density"
        )
    return (
        f"{WEIGHT_SPARSITY} is deprecated: stock ignores it, ours read it as "
        f"'{density}'; write what you mean instead"
    )


def _of_the_bot(swap: Swap, target: Target) -> List[str]:
    to_stock = target is Target.STOCK
    lines = [
        "- Train the bot again with 'rasa train'. Models from before keep the "
        "components that they have; 'rasa train --finetune' cannot continue them.",
        "- Models from before still need rasa_randconn installed, new ones do not."
        if to_stock
        else "- rasa_randconn must be installed wherever the bot is trained or runs.",
    ]
    extractors = [
        component.new[NAME].rpartition(".")[2]
        for component in swap.components
        if stock_class(component.old[NAME]) == "DIETClassifier"
        and component.new.get("entity_recognition") is not False
    ]
    if extractors:
        lines.append(
            f"- The entities of this classifier say 'extractor: {extractors[0]}': "
            f"adapt code that looks for the old name."
        )
    return lines
