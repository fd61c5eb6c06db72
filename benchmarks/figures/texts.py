"""How numbers and tables are written."""

from __future__ import annotations

from typing import List, Optional, Sequence

from rasa_randconn.comparison.changes import Quantity
from rasa_randconn.comparison.results import Metric


def amount(value: Optional[float], metric: Metric) -> str:
    """Writes a measured value with as many digits as it deserves, and its unit.

    Args:
        value: In the metric's unit.
        metric: What was measured.

    Returns:
        Such as `409 s`, `8.9 ms`, `2.4 GB`, `0.794`; empty without a value.
    """
    if value is None:
        return ""
    if metric.quantity is Quantity.SCORE:
        return f"{value:.3f}"
    if metric.quantity is Quantity.COUNT:
        return f"{value:,.0f}"
    unit = metric.unit
    if unit == "MB" and value >= 1000:
        value, unit = value / 1000, "GB"
    return f"{number(value)} {unit}"


def number(value: float) -> str:
    """Writes a number: whole from 100 on, with two decimals below 1."""
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 1 else 2
    return f"{value:,.{decimals}f}"


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1
) -> List[str]:
    """Writes a table of Markdown.

    Args:
        header: Titles of the columns.
        rows: The cells of every row.
        left: Columns, from the first, that are no numbers.

    Returns:
        The lines.
    """
    bars = "|---" * left + "|---:" * (len(header) - left) + "|"
    return [_row(header), bars, *(_row(row) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"
