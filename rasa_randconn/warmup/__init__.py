"""Compiles all kernels ahead of their first use."""

from rasa_randconn.warmup.machine_code_folder import (
    CodeFolder,
    code_folder,
    processor,
    unused_folder,
)
from rasa_randconn.warmup.warming_up import WarmUp, warm_up

__all__ = [
    "CodeFolder",
    "WarmUp",
    "code_folder",
    "processor",
    "unused_folder",
    "warm_up",
]
