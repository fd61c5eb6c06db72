"""The versions that decide how models behave."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from rasa_randconn.version import __version__


def versions() -> str:
    """The versions of this package, Rasa, Python and Numba, in one line.

    Nothing is imported to find them.
    """
    return (
        f"rasa_randconn {__version__} (Rasa {_version('rasa')}, "
        f"Python {platform.python_version()}, Numba {_version('numba')})"
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
