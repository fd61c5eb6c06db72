"""Compiles kernels in a process of its own, while Rasa does other work."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import List

from rasa_randconn.kernels.all_kernels import all_kernels
from rasa_randconn.kernels.machine_code import writable_folder

logger = logging.getLogger(__name__)

# Kept, so that Python does not complain about a process that nobody waits for.
_processes: List[subprocess.Popen[bytes]] = []


def compile_in_background() -> None:
    """Starts to compile all kernels, unless their machine code is kept or cannot be.

    A process that needs a kernel meanwhile waits for it, or compiles it if nobody does.
    """
    if _processes or writable_folder() is None:
        return
    if all(kernel.is_kept for kernel in all_kernels()):
        return
    # empty where Python is embedded in another program
    command = [sys.executable or "python3", "-m", "rasa_randconn.warmup"]
    nothing = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            command, stdin=nothing, stdout=nothing, stderr=nothing
        )
    except OSError as error:
        logger.debug(f"Kernels are compiled when they are needed: {error}")
        return
    _processes.append(process)
