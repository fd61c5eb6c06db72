"""Presents results in the terminal and in `report.md`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from rich.table import Table

from rasa_randconn.comparison.results import (
    F1_SCORES,
    Cell,
    Metric,
    Run,
    Section,
    name_of,
    names,
    tabulate,
)
from rasa_randconn.files import write_atomically

FILE_NAME = "report.md"


def terminal_table(runs: Sequence[Run]) -> Table:
    """Makes the table of values over seeds, compared with the first configuration.

    Args:
        runs: The runs.

    Returns:
        A table for a `rich` console.
    """
    table = Table(title=_caption(runs), title_justify="left")
    table.add_column("", no_wrap=True)
    for name in names(runs):
        table.add_column(name, justify="right")
    for section in tabulate(runs):
        table.add_row(f"[bold]{section.title}[/bold]")
        for row in section.rows:
            table.add_row(
                f"  {row.metric.title}",
                *(_cell(row.metric, cell) for cell in row.cells),
                end_section=row is section.rows[-1],
            )
    return table


def write_report(
    runs: Sequence[Run],
    folder: Path,
    command: str,
    plots: Sequence[Path] = (),
    missing: Sequence[str] = (),
) -> Path:
    """Writes the report as Markdown.

    Args:
        runs: The finished runs.
        folder: The comparison's folder.
        command: The command line that made the comparison.
        plots: Pictures to show, inside of `folder`.
        missing: Runs which were asked for and are not in `runs`.

    Returns:
        The path of the report.
    """
    lines = ["# Comparison", "", "```console", f"$ {command}", "```", ""]
    if missing:
        lines += ["**Not finished:** " + ", ".join(missing) + ".", ""]
    if runs:
        lines += [_caption(runs) + ".", ""]
        for section in tabulate(runs):
            lines += _markdown_section(section, names(runs))
        for plot in plots:
            target = plot.relative_to(folder).as_posix()
            lines += [f"![{plot.stem.replace('_', ' ')}]({target})", ""]
        lines += _notes(runs) + _seeds(runs) + _origin(runs)
    path = folder / FILE_NAME
    with write_atomically(path) as file:
        file.write("\n".join(lines).rstrip() + "\n")
    return path


def _caption(runs: Sequence[Run]) -> str:
    first, *others = names(runs)
    seeds = {
        name: [str(run["seed"]) for run in runs if name_of(run) == name]
        for name in (first, *others)
    }
    if any(seeds[name] != seeds[first] for name in others):
        parts = (f"{', '.join(own)} of {name}" for name, own in seeds.items())
        caption = "Medians (of scores: means) over seeds " + "; ".join(parts)
    elif len(seeds[first]) == 1:
        caption = f"Seed {seeds[first][0]}"
    else:
        caption = f"Medians (of scores: means) over seeds {', '.join(seeds[first])}"
    return f"{caption}; in brackets compared with {first}" if others else caption


def _cell(metric: Metric, cell: Cell) -> str:
    text = metric.format(cell.value)
    return text if cell.change is None else f"{text} ({cell.change})"


def _spread(metric: Metric, cell: Cell) -> str:
    if len(cell.values) < 2:
        return _cell(metric, cell)
    low, high = metric.format(min(cell.values)), metric.format(max(cell.values))
    return f"{_cell(metric, cell)}<br>{low} to {high}"


def _markdown_section(section: Section, configs: Sequence[str]) -> List[str]:
    return [
        f"## {section.title}",
        "",
        "| | " + " | ".join(configs) + " |",
        "|---|" + "---:|" * len(configs),
        *(
            f"| {row.metric.title} | "
            + " | ".join(_spread(row.metric, cell) for cell in row.cells)
            + " |"
            for row in section.rows
        ),
        "",
    ]


def _notes(runs: Sequence[Run]) -> List[str]:
    lines = ["## Configurations", "", "| name | file | components |", "|---|---|---|"]
    for name in names(runs):
        run = next(run for run in runs if name_of(run) == name)
        classes = ", ".join(
            f"`{component['class'].rpartition('.')[2]}`"
            for component in run["components"].values()
        )
        lines.append(f"| {name} | `{run['config']}` | {classes} |")
    return [
        *lines,
        "",
        "F1 is weighted by support, from Rasa's own evaluation. Times of a component "
        "are the wall time inside its methods; the first step includes building and "
        "tracing the model. Latency is that of one message or one policy prediction "
        "at a time, after a warm-up. Connections are the weights of randomly "
        "connected layers; trainable weights count the kernels of Rasa's own such "
        "layers in full, masked elements included. Where a line gives a range, it is "
        "the lowest and the highest over the seeds. Differences of scores are means "
        "over the seeds, in points of a hundred; the interval in brackets is the 95% "
        "one of Student's t on the differences of single seeds.",
        "",
    ]


def _seeds(runs: Sequence[Run]) -> List[str]:
    shown = [key for key in F1_SCORES if any(run.get(key) is not None for run in runs)]
    header = ["name", "seed", *(key.replace("_f1", " F1") for key in shown)]
    header.append("training, s")
    lines = [
        "## Runs",
        "",
        "| " + " | ".join(header) + " |",
        "|---|---:|" + "---:|" * (len(header) - 2),
    ]
    for run in runs:
        values = [_number(run.get(key), 3) for key in shown]
        values.append(_number(run.get("train_seconds"), 1))
        lines.append(f"| {name_of(run)} | {run['seed']} | " + " | ".join(values) + " |")
    return [*lines, ""]


def _number(value: Optional[float], decimals: int) -> str:
    return Metric("", "", (), decimals).format(value)


def _origin(runs: Sequence[Run]) -> List[str]:
    versions: Dict[str, Any] = runs[0].get("versions", {})
    machine: Dict[str, Any] = runs[0].get("machine", {})
    memory = machine.get("memory_bytes")
    known = [
        machine.get("cpu"),
        f"{machine.get('cores')} cores",
        None if memory is None else f"{memory / 2**30:.0f} GiB memory",
        machine.get("platform"),
    ]
    return [
        "## Versions and machine",
        "",
        ", ".join(f"{name} {version}" for name, version in versions.items()) + ".",
        "",
        ", ".join(str(item) for item in known if item) + ".",
        "",
    ]
