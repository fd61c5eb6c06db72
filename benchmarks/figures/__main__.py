"""Brings the figures of README and docs up to date with `benchmarks/results`."""

from __future__ import annotations

import argparse
import sys
from typing import Optional, Sequence

from benchmarks.figures import pages, pictures, tables, values
from rasa_randconn.files import write_atomically


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Writes every page whose figures differ from the results, and the pictures.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code: 0, or with `--check` 1 if a page differs.
    """
    parser = argparse.ArgumentParser(prog="benchmarks.figures", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args(argv).check
    different = 0
    for path in pages.pages():
        old = path.read_text(encoding="utf-8")
        new = pages.fill(old, tables.make, values.make)
        if new == old:
            continue
        different += 1
        name = path.relative_to(pages.ROOT)
        print(f"{name} differs" if check else f"{name} was brought up to date")
        if not check:
            with write_atomically(path) as file:
                file.write(new)
    if check:
        return 1 if different else 0
    pictures.draw(pages.ROOT / "docs" / "images")
    return 0


if __name__ == "__main__":
    sys.exit(main())
