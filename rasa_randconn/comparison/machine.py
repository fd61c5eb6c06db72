"""The machine that a comparison runs on, and what this process takes of it."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

import psutil

_CPUINFO = Path("/proc/cpuinfo")

#: Vector instructions that compiled kernels, NumPy or TensorFlow make use of.
_FEATURES = (
    "sse4_2",
    "avx",
    "f16c",
    "fma",
    "avx2",
    "avx_vnni",
    "avx512f",
    "avx512dq",
    "avx512bw",
    "avx512vl",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "asimd",
    "asimdhp",
    "asimddp",
    "sve",
    "sve2",
)


def describe() -> Dict[str, Any]:
    """Describes this machine without naming it or its user.

    Returns:
        `cpu` (model), `cpu_features` (its vector instructions, as the kernel of Linux
        names them), `cores` (logical), `memory_bytes` and `platform`; `None` for what
        cannot be found out.
    """
    return {
        "cpu": _cpu_model(),
        "cpu_features": _cpu_features(),
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
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _cpu_model() -> Optional[str]:
    return (
        _in_cpuinfo("model name") or platform.processor() or platform.machine() or None
    )


def _cpu_features() -> Optional[List[str]]:
    # x86 and ARM
    flags = _in_cpuinfo("flags") or _in_cpuinfo("Features")
    if flags is None:
        return None
    return [feature for feature in _FEATURES if feature in flags.split()]


def _in_cpuinfo(name: str) -> Optional[str]:
    """What Linux says of the first core; `None` elsewhere."""
    if not _CPUINFO.exists():
        return None
    for line in _CPUINFO.read_text(errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None
