"""What a report says, before it becomes Markdown or HTML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from rasa_randconn.comparison import split
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

_NOTES = (
    "F1 is weighted by support, from Rasa's own evaluation. Times of a component are "
    "the wall time inside its methods; the first step includes building and tracing "
    "the model. Latency is that of one message or one policy prediction at a time, "
    "after a warm-up. Connections are the weights of randomly connected layers; "
    "trainable weights count the kernels of Rasa's own such layers in full, masked "
    "elements included. Where a line gives a range, it is the lowest and the highest "
    "over the seeds. Differences of scores are means over the seeds, in points of a "
    "hundred; the interval in brackets is the 95% one of Student's t on the "
    "differences of single seeds. Learning curves show what the components log of the "
    "training data, not scores of the test."
)


@dataclass(frozen=True)
class Table:
    """A table with a header."""

    title: str
    header: Sequence[str]

    rows: Sequence[Sequence[str]]
    """The text of every cell; a line break separates several lines or names."""

    text_columns: int = 1
    """How many columns at the left hold text; the others hold numbers."""

    code_columns: Sequence[int] = ()
    """Columns with names of files or classes."""


@dataclass(frozen=True)
class ReportContent:
    """All that a report says."""

    command: str
    """The command line that made the comparison."""

    missing: Sequence[str] = ()
    """Runs that were asked for and are not there."""

    caption: str = ""
    """What the tables of metrics show."""

    metrics: Sequence[Table] = ()
    """A table for the whole model, and one for every family of components."""

    details: Sequence[Table] = ()
    """The configurations, and the runs one by one."""

    notes: str = ""
    """How everything was measured."""

    test_set: Optional[str] = None
    """How the test set was made, if the comparison made it."""

    origin: Sequence[str] = ()
    """Versions, machine and date, a paragraph each."""


def collect(
    runs: Sequence[Run], command: str, missing: Sequence[str] = ()
) -> ReportContent:
    """Collects what a report says.

    Args:
        runs: The finished runs.
        command: The command line that made the comparison.
        missing: Runs that were asked for and are not in `runs`.

    Returns:
        The content.
    """
    if not runs:
        return ReportContent(command, missing)
    divided: Optional[Dict[str, Any]] = runs[0].get("split")
    return ReportContent(
        command,
        missing,
        caption(runs),
        [_metrics(section, names(runs)) for section in tabulate(runs)],
        [_configurations(runs), _runs(runs)],
        _NOTES,
        None if divided is None else split.describe(divided),
        _origin(runs),
    )


def caption(runs: Sequence[Run]) -> str:
    """Says what a table of values over seeds shows.

    Args:
        runs: The runs, at least one.
    """
    first, *others = names(runs)
    seeds = {
        name: [str(run["seed"]) for run in runs if name_of(run) == name]
        for name in (first, *others)
    }
    if any(seeds[name] != seeds[first] for name in others):
        parts = (f"{', '.join(own)} of {name}" for name, own in seeds.items())
        text = "Medians (of scores: means) over seeds " + "; ".join(parts)
    elif len(seeds[first]) == 1:
        text = f"Seed {seeds[first][0]}"
    else:
        text = f"Medians (of scores: means) over seeds {', '.join(seeds[first])}"
    return f"{text}; in brackets compared with {first}" if others else text


def picture_title(picture: Path) -> str:
    """Says what a picture shows, as its name does.

    Args:
        picture: The file.
    """
    title = picture.stem.replace("_", " ").replace("f1", "F1")
    return title[:1].upper() + title[1:]


def cell_text(metric: Metric, cell: Cell) -> str:
    """Writes a value and how it differs from that of the first configuration.

    Args:
        metric: What was measured.
        cell: The values over seeds.
    """
    text = metric.format(cell.value)
    return text if cell.change is None else f"{text} ({cell.change})"


def _spread(metric: Metric, cell: Cell) -> str:
    if len(cell.values) < 2:
        return cell_text(metric, cell)
    low, high = metric.format(min(cell.values)), metric.format(max(cell.values))
    return f"{cell_text(metric, cell)}\n{low} to {high}"


def _metrics(section: Section, configs: Sequence[str]) -> Table:
    return Table(
        section.title,
        ["", *configs],
        [
            [row.metric.title, *(_spread(row.metric, cell) for cell in row.cells)]
            for row in section.rows
        ],
    )


def _configurations(runs: Sequence[Run]) -> Table:
    rows = []
    for name in names(runs):
        run = next(run for run in runs if name_of(run) == name)
        classes = (
            component["class"].rpartition(".")[2]
            for component in run["components"].values()
        )
        rows.append([name, str(run["config"]), "\n".join(classes)])
    header = ["name", "file", "components"]
    return Table("Configurations", header, rows, text_columns=3, code_columns=(1, 2))


def _runs(runs: Sequence[Run]) -> Table:
    shown = [key for key in F1_SCORES if any(run.get(key) is not None for run in runs)]
    header = ["name", "seed", *(key.replace("_f1", " F1") for key in shown)]
    return Table(
        "Runs",
        [*header, "training, s"],
        [
            [
                name_of(run),
                str(run["seed"]),
                *(_number(run.get(key), 3) for key in shown),
                _number(run.get("train_seconds"), 1),
            ]
            for run in runs
        ],
    )


def _number(value: Optional[float], decimals: int) -> str:
    return Metric("", "", (), decimals).format(value)


def _origin(runs: Sequence[Run]) -> List[str]:
    run = runs[0]
    versions: Dict[str, Any] = run.get("versions", {})
    machine: Dict[str, Any] = run.get("machine", {})
    memory, features = machine.get("memory_bytes"), machine.get("cpu_features")
    known = [
        machine.get("cpu"),
        f"with {' '.join(features)}" if features else None,
        f"{machine.get('cores')} cores",
        None if memory is None else f"{memory / 2**30:.0f} GiB memory",
        machine.get("platform"),
    ]
    paragraphs = [
        ", ".join(f"{name} {version}" for name, version in versions.items()),
        ", ".join(str(item) for item in known if item),
    ]
    if run.get("commit"):
        paragraphs[0] += f", commit {run['commit']}"
    started = sorted(run["started"] for run in runs if run.get("started"))
    if started:
        paragraphs.append(f"First run started {started[0]}, last run {started[-1]}")
    return [f"{paragraph}." for paragraph in paragraphs]
