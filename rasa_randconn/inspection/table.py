"""The layers of a model as a table that fits a narrow terminal."""

from __future__ import annotations

from typing import List, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from rasa_randconn.inspection.layers import (
    DENSE,
    Component,
    Layer,
    Totals,
    randomly_connected,
    share_of_weights,
    totals,
)
from rasa_randconn.inspection.tree import tree_of

#: Columns of the table; the standard of terminals.
WIDTH = 80

# With usual numbers beside it, a path up to this length does not break.
_PATH_WIDTH = 34


def model_table(components: Sequence[Component]) -> Table:
    """Makes a table of layers, with sums for each component and for the model.

    Args:
        components: The components of a model.

    Returns:
        A table for a `rich` console. The path of a layer is read down the lines that it
        is indented under.
    """
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("layer", overflow="fold")
    for name in ("shape", "density", "connections", "bytes"):
        table.add_column(name, justify="right", overflow="fold")
    for component in components:
        patterns = " and ".join(component.patterns)
        table.add_row(Text(component.name, style="bold"))
        if patterns:
            table.add_row(Text(f"{patterns} connections"))
        table.add_row()
        for line in tree_of(component.layers, _PATH_WIDTH):
            table.add_row(Text(line.label), *(_cells(line.layer) if line.layer else ()))
        table.add_row()
        _add_totals(table, component.layers)
        table.add_section()
    table.add_row(Text("Model", style="bold"))
    _add_totals(table, [layer for c in components for layer in c.layers])
    return table


def _cells(layer: Layer) -> List[str]:
    density = "" if layer.density is None else f"{layer.density:g}"
    return [
        " x ".join(map(str, layer.shape)),
        DENSE if layer.pattern == DENSE else density,
        f"{layer.connections:,}" if layer.connections else "",
        f"{layer.bytes:,}",
    ]


def _add_totals(table: Table, layers: Sequence[Layer]) -> None:
    """Adds what layers have together, and the part of it that is randomly connected."""
    random, everything = randomly_connected(layers), totals(layers)
    share = f"{share_of_weights(layers):.0%} of all weights"
    for label, sums in (
        (f"{_count(random, 'randomly connected layer')},\n{share}", random),
        (f"{_count(everything, 'layer')} in all", everything),
    ):
        table.add_row(
            Text(label),
            *("", ""),
            f"{sums.connections:,}",
            f"{sums.bytes:,}",
            style="bold",
        )


def _count(sums: Totals, noun: str) -> str:
    return f"{sums.layers} {noun}{'' if sums.layers == 1 else 's'}"
