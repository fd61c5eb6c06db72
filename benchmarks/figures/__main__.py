"""Brings the figures of README and docs up to date with `benchmarks/results`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Optional, Sequence

from benchmarks.figures import pages, pictures, tables, values
from rasa_randconn.files import write_atomically

IMAGES = pages.ROOT / "docs" / "images"


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Writes every page whose figures differ from the results, and the pictures.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code: 0, or with `--check` 1 if a page or a picture differs.
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
    with tempfile.TemporaryDirectory() as folder:
        for drawn in pictures.draw(Path(folder)):
            kept = IMAGES / drawn.name
            if kept.exists() and kept.read_bytes() == drawn.read_bytes():
                continue
            different += 1
            print(f"{kept.relative_to(pages.ROOT)} differs")
            if not check:
                shutil.copyfile(str(drawn), str(kept))
    return 1 if check and different else 0


if __name__ == "__main__":
    sys.exit(main())
