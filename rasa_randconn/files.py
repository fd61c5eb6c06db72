"""Writes files whole or not at all, and removes them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, TextIO


@contextmanager
def write_atomically(path: Path) -> Iterator[TextIO]:
    """Opens a text file which takes its place only once it is complete.

    A file that is replaced keeps its mode and, where the user may give files away, its
    owner. Of a symbolic link, the file that it leads to is replaced.

    Args:
        path: The file to write or replace. Missing folders are made.

    Yields:
        The file to write to. If the block raises, `path` stays as it was.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=str(path.parent), prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _take_over_rights(path, name)
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


@contextmanager
def restored_on_error(folder: Path) -> Iterator[None]:
    """Restores a folder if the block raises.

    Args:
        folder: An existing folder.

    Yields:
        Nothing.
    """
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        shutil.copytree(str(folder), str(copy), symlinks=True)
        try:
            yield
        except BaseException:
            for path in folder.iterdir():
                remove(path)
            for path in copy.iterdir():
                shutil.move(str(path), str(folder / path.name))
            raise


def remove(path: Path) -> None:
    """Removes a file or a folder; of a symbolic link, only the link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(str(path))
    else:
        path.unlink()


def _take_over_rights(path: Path, new: str) -> None:
    """Gives a temporary file the rights of the one that it will replace."""
    if not path.exists():
        # mkstemp makes the file readable by its owner only
        os.chmod(new, 0o666 & ~_umask())
        return
    owner = path.stat()
    with contextlib.suppress(OSError, AttributeError):
        # Windows has no such function.
        os.chown(new, owner.st_uid, owner.st_gid)
    shutil.copymode(str(path), new)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
