"""Writes the report as one HTML file that needs no other and asks no server."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Dict, Sequence

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rasa_randconn.comparison.report_content import ReportContent, picture_title
from rasa_randconn.files import write_atomically

FILE_NAME = "report.html"

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def write_html(
    content: ReportContent, folder: Path, pictures: Sequence[Path] = ()
) -> Path:
    """Writes the report as HTML.

    Args:
        content: What it says.
        folder: The comparison's folder.
        pictures: PNG files to show; the SVG files beside them are put into the report.

    Returns:
        The path of the report.
    """
    environment = Environment(
        loader=FileSystemLoader(str(_TEMPLATES)),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    names = content.details[0].rows if content.details else []
    text = environment.get_template(FILE_NAME).render(
        title=", ".join(row[0] for row in names) or "nothing finished",
        content=content,
        pictures=[_embedded(picture.with_suffix(".svg")) for picture in pictures],
    )
    path = folder / FILE_NAME
    with write_atomically(path) as file:
        file.write(text)
    return path


def _embedded(picture: Path) -> Dict[str, str]:
    return {
        "title": picture_title(picture),
        "data": base64.b64encode(picture.read_bytes()).decode("ascii"),
    }
