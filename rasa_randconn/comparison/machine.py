"""Describes the machine that a comparison ran on."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any, Dict, Optional


def describe() -> Dict[str, Any]:
    """Describes this machine without naming it or its user.

    Returns:
        `cpu` (model), `cores` (logical), `memory_bytes` and `platform`; `None` for what
        cannot be found out.
    """
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_bytes": _memory_bytes(),
        "platform": platform.platform(),
    }


def load_average() -> Optional[float]:
    """Tells how busy this machine has been in the last minute.

    Returns:
        The mean number of processes that ran or waited to; `None` where unknown.
    """
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def _cpu_model() -> Optional[str]:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine() or None


def _memory_bytes() -> Optional[int]:
    try:
        import psutil
    except ImportError:
        return None
    return int(psutil.virtual_memory().total)
