"""Writes what was measured: JSON, Markdown and plots."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Dict, List, Sequence

from rasa_randconn.comparison import machine
from rasa_randconn.comparison.worker import versions
from rasa_randconn.files import write_atomically, write_json

Rows = List[Dict[str, Any]]

COMMAND = "make bench"
_FACTS = ("inputs", "units", "density", "model")  # columns that are no times


def write(tables: Dict[str, Rows], repeats: int, folder: Path) -> None:
    """Writes `speed.json`, `speed.md` and one plot per table with densities.

    Args:
        tables: Rows of milliseconds, by title.
        repeats: Calls behind every median.
        folder: Where the files go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    described, installed = machine.describe(), versions()
    origin = {
        "command": COMMAND,
        "date": date.today().isoformat(),
        "repeats": repeats,
        "machine": described,
        "versions": installed,
        "load_average": machine.load_average(),
    }
    write_json({**origin, "milliseconds": tables}, folder / "speed.json")
    lines = ["# Speed", "", f"Median milliseconds of {repeats} calls, `{COMMAND}`.", ""]
    for number, (title, rows) in enumerate(tables.items(), 1):
        lines += [f"## {title}", "", *_markdown(rows), ""]
        if "density" in rows[0]:
            name = f"speed-{number}.png"
            _plot(title, rows, folder / name)
            lines += [f"![{title}]({name})", ""]
    facts = {**described, **installed, "date": origin["date"]}
    lines.append(", ".join(f"{name} {value}" for name, value in facts.items()) + ".")
    with write_atomically(folder / "speed.md") as file:
        file.write("\n".join(lines) + "\n")


def _markdown(rows: Rows) -> Sequence[str]:
    names = list(rows[0])
    return [
        "| " + " | ".join(names) + " |",
        "|" + " --- |" * len(names),
        *("| " + " | ".join(_cell(row[name]) for name in names) + " |" for row in rows),
    ]


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _plot(title: str, rows: Rows, path: Path) -> None:
    """Time over density: one picture per size, one line per implementation."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    sizes = sorted({_size(row) for row in rows})
    figure, all_axes = pyplot.subplots(
        1, len(sizes), figsize=(4 * len(sizes), 4), squeeze=False
    )
    for size, axes in zip(sizes, all_axes[0]):
        chosen = [row for row in rows if _size(row) == size]
        for name in (name for name in rows[0] if name not in _FACTS):
            axes.plot(
                [row["density"] for row in chosen],
                [row[name] for row in chosen],
                marker="o",
                label=name,
            )
        axes.set_title(" x ".join(map(str, size)))
        axes.set_xlabel("density")
        axes.set_ylabel("milliseconds")
        axes.set_ylim(bottom=0)
    all_axes[0][0].legend(fontsize="small")
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


def _size(row: Dict[str, Any]) -> Any:
    return tuple(row[name] for name in ("inputs", "units") if name in row)
