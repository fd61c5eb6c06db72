"""Presents results in the terminal and in `report.md`."""

from __future__ import annotations

from pathlib import Path
from typing import List, Sequence

from rich.table import Table as TerminalTable

from rasa_randconn.comparison.report_content import (
    ReportContent,
    Table,
    caption,
    cell_text,
    picture_title,
)
from rasa_randconn.comparison.results import Run, names, tabulate
from rasa_randconn.files import write_atomically

FILE_NAME = "report.md"


def terminal_table(runs: Sequence[Run]) -> TerminalTable:
    """Makes the table of values over seeds, compared with the first configuration.

    Args:
        runs: The runs.

    Returns:
        A table for a `rich` console.
    """
    table = TerminalTable(title=caption(runs), title_justify="left")
    table.add_column("", no_wrap=True)
    for name in names(runs):
        table.add_column(name, justify="right")
    for section in tabulate(runs):
        table.add_row(f"[bold]{section.title}[/bold]")
        for row in section.rows:
            table.add_row(
                f"  {row.metric.title}",
                *(cell_text(row.metric, cell) for cell in row.cells),
                end_section=row is section.rows[-1],
            )
    return table


def write_report(
    content: ReportContent, folder: Path, pictures: Sequence[Path] = ()
) -> Path:
    """Writes the report as Markdown.

    Args:
        content: What it says.
        folder: The comparison's folder.
        pictures: Pictures to show, inside of `folder`.

    Returns:
        The path of the report.
    """
    lines = ["# Comparison", "", "```console", f"$ {content.command}", "```", ""]
    if content.missing:
        lines += ["**Not finished:** " + ", ".join(content.missing) + ".", ""]
    if content.caption:
        lines += [f"{content.caption}.", ""]
    if content.test_set:
        lines += [content.test_set, ""]
    for table in content.metrics:
        lines += _markdown(table)
    for picture in pictures:
        target = picture.relative_to(folder).as_posix()
        lines += [f"![{picture_title(picture)}]({target})", ""]
    for table in content.details:
        lines += _markdown(table)
    if content.notes:
        lines += ["## Notes", "", content.notes, ""]
    if content.origin:
        lines += ["## Versions and machine", ""]
    for paragraph in content.origin:
        lines += [paragraph, ""]
    path = folder / FILE_NAME
    with write_atomically(path) as file:
        file.write("\n".join(lines).rstrip() + "\n")
    return path


def _markdown(table: Table) -> List[str]:
    numbers = len(table.header) - table.text_columns
    rows = (
        [
            ", ".join(f"`{name}`" for name in cell.split("\n") if name).replace(
                "|", r"\|"
            )
            if column in table.code_columns
            else cell.replace("\n", "<br>").replace("|", r"\|")
            for column, cell in enumerate(row)
        ]
        for row in table.rows
    )
    return [
        f"## {table.title}",
        "",
        f"| {' | '.join(table.header)} |",
        "|" + "---|" * table.text_columns + "---:|" * numbers,
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]
