"""The machine that a comparison runs on, and what this process takes of it."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any, Dict, Optional

import psutil


def describe() -> Dict[str, Any]:
    """Describes this machine without naming it or its user.

    Returns:
        `cpu` (model), `cores` (logical), `memory_bytes` and `platform`; `None` for what
        cannot be found out.
    """
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
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


def peak_rss_bytes() -> int:
    """Measures the most memory this process has held so far, in bytes.

    Returns:
        The peak of the resident set.
    """
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would also remember the process that started this one
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _cpu_model() -> Optional[str]:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine() or None
