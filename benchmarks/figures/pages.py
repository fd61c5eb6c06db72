"""The pages that show figures, and the places in them.

A table stands between two comments:

    <!-- figures: comparison sara -->
    ...
    <!-- end -->

So does a figure in a sentence, with its source in the first comment:

    <!-- figure: comparison sara training change -->10.2x faster<!-- end -->
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, List

ROOT = Path(__file__).resolve().parent.parent.parent

_TABLE = re.compile(
    r"(?P<start><!-- figures: (?P<source>[^>]+?) -->\n).*?(?P<end><!-- end -->)",
    re.DOTALL,
)
_FIGURE = re.compile(
    r"(?P<start><!-- figure:\s(?P<source>[^>]+?)\s-->).*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def pages() -> List[Path]:
    """Lists the pages that may show figures.

    Returns:
        Pages outside of the site, then those of the site.
    """
    return [
        ROOT / "README.md",
        ROOT / "DESCRIPTION.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "docker" / "README.md",
        ROOT / "benchmarks" / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]


def fill(
    page: str, table: Callable[[str], List[str]], figure: Callable[[str], str]
) -> str:
    """Puts tables and figures into their places in a page.

    Args:
        page: The page.
        table: Makes the lines of a table from its source.
        figure: Makes a figure from its source.

    Returns:
        The page with the figures of now.
    """
    page = _TABLE.sub(
        lambda found: "\n".join(
            [found["start"], *table(found["source"]), "", found["end"]]
        ),
        page,
    )
    return _FIGURE.sub(
        lambda found: (
            f"{found['start']}{figure(' '.join(found['source'].split()))}{found['end']}"
        ),
        page,
    )


def without_figures(page: str) -> str:
    """Leaves out of a page what `fill` puts into it.

    Args:
        page: The page.

    Returns:
        What is written by hand.
    """
    return _FIGURE.sub("", _TABLE.sub("", page))
