"""All kernels of this package."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Dict, List

from rasa_randconn import kernels
from rasa_randconn.kernels.kernel import Kernel


def all_kernels() -> List[Kernel]:
    """Every kernel, in the order of their names."""
    found: Dict[str, Kernel] = {}
    for module_info in pkgutil.iter_modules(kernels.__path__):
        module = importlib.import_module(f"{kernels.__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, Kernel):
                found[value.name] = value
    return [found[name] for name in sorted(found)]
