"""Where the machine code of kernels comes from, and where it is kept."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from numba.core.dispatcher import Dispatcher

import rasa_randconn.kernels


class MachineCode(NamedTuple):
    """The machine code of a kernel in this process.

    Attributes:
        kernel: The kernel's module and name.
        compiled: How often it was compiled, once for each type of its arguments.
        loaded: How often it was loaded from a file instead.
        folder: Where its files are kept; `None` if they cannot be kept.
        is_inlined: Whether it is only part of the machine code of other kernels.
    """

    kernel: str
    compiled: int
    loaded: int
    folder: Optional[Path]
    is_inlined: bool


def machine_code() -> List[MachineCode]:
    """The machine code of every kernel of this package, in the order of their names."""
    return [
        MachineCode(
            kernel=name,
            compiled=sum(kernel.stats.cache_misses.values()),
            loaded=sum(kernel.stats.cache_hits.values()),
            folder=Path(kernel.stats.cache_path) if kernel.stats.cache_path else None,
            is_inlined=bool(kernel.targetoptions["forceinline"]),
        )
        for name, kernel in sorted(_kernels().items())
    ]


def _kernels() -> Dict[str, Dispatcher]:
    package = rasa_randconn.kernels
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": kernel
        for module in modules
        for name, kernel in vars(module).items()
        if isinstance(kernel, Dispatcher)
        and kernel.py_func.__module__ == module.__name__
    }
