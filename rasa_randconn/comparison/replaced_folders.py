"""Keeps files that are to be read out of folders that are to be replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable

from rasa_randconn.comparison.errors import ComparisonError


def check_not_replaced(inputs: Iterable[str], folders: Iterable[Path]) -> None:
    """Checks that no file that will be read lies where everything will be removed.

    Args:
        inputs: Files and folders of the user.
        folders: Files and folders that will be removed before any of them is read.

    Raises:
        ComparisonError: If one lies in such a folder, or holds one.
    """
    replaced = [folder.resolve() for folder in folders]
    for name in inputs:
        path = Path(name).resolve()
        for folder in replaced:
            if path == folder or folder in path.parents or path in folder.parents:
                raise ComparisonError(
                    f"'{name}' is to be read, but --overwrite would remove '{folder}'. "
                    f"Choose another folder with --out."
                )
