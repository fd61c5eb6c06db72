"""The folder in which Numba keeps the machine code of our kernels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, Optional

import llvmlite.binding
import numba

import rasa_randconn.kernels
from rasa_randconn.kernels.machine_code import machine_code

#: The environment variable that names a folder for machine code.
FOLDER_VARIABLE = "NUMBA_CACHE_DIR"


class CodeFolder(NamedTuple):
    """A folder for machine code.

    Attributes:
        path: The folder.
        origin: Whose folder it is, for people.
    """

    path: Path
    origin: str


def code_folder() -> Optional[CodeFolder]:
    """The folder in which this process keeps machine code; `None` if none is writable.

    Numba takes the first one that it can write to: that of `NUMBA_CACHE_DIR`, the
    package's, the user's.
    """
    folders = {code.folder for code in machine_code()}
    path = folders.pop()
    if path is None or folders:
        return None
    named = _named_folder()
    if named is not None and named in path.resolve().parents:
        return CodeFolder(path, FOLDER_VARIABLE)
    if path.parent in map(Path, rasa_randconn.kernels.__path__):
        return CodeFolder(path, "the package's folder")
    return CodeFolder(path, "the user's cache")


def unused_folder() -> Optional[Path]:
    """The folder that `NUMBA_CACHE_DIR` names, if Numba cannot write to it."""
    named, used = _named_folder(), code_folder()
    is_used = used is not None and used.origin == FOLDER_VARIABLE
    return None if is_used else named


def processor() -> str:
    """The processor that kernels are compiled for, as LLVM calls it."""
    return str(numba.config.CPU_NAME or llvmlite.binding.get_host_cpu_name())


def _named_folder() -> Optional[Path]:
    name = os.environ.get(FOLDER_VARIABLE)
    return Path(name).resolve() if name else None
