"""Compiles all kernels ahead of their first use."""

from rasa_randconn.warmup.background import compile_in_background
from rasa_randconn.warmup.warming_up import WarmUp, warm_up

__all__ = ["WarmUp", "compile_in_background", "warm_up"]
