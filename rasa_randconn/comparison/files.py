"""Writes files whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, TextIO


@contextmanager
def write_atomically(path: Path) -> Iterator[TextIO]:
    """Opens a text file which takes its place only once it is complete.

    Args:
        path: The file to write or replace. Missing folders are made.

    Yields:
        The file to write to. If the block raises, `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=str(path.parent), prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file readable by its owner only
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, str(path))
    except BaseException:
        os.unlink(name)
        raise


def write_json(value: Any, path: Path) -> None:
    """Writes a value as JSON, whole or not at all.

    Args:
        value: What to write.
        path: The file to write or replace.
    """
    with write_atomically(path) as file:
        json.dump(value, file, indent=2, ensure_ascii=False)
        file.write("\n")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
